using Microsoft.Extensions.Hosting;

namespace Octavo.ControllerRuntime.Discovery;

/// <summary>Keeps the catalog, leading or not.</summary>
internal sealed class ApiCatalogBackgroundService(ApiCatalog catalog) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => catalog.RunAsync(stoppingToken);
}
