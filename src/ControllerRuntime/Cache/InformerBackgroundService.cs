using Microsoft.Extensions.Hosting;

namespace Octavo.ControllerRuntime.Cache;

/// <summary>Keeps all caches, leading or not: who takes over begins with full ones.</summary>
internal sealed class InformerBackgroundService(InformerSet informers) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => informers.RunAsync(stoppingToken);
}
