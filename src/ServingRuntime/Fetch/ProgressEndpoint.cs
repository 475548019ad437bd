using System.Net;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch.Transfer;

namespace Octavo.ServingRuntime.Fetch;

/// <summary>Tells the progress of a fetch over HTTP while it runs, to the operator above all.</summary>
internal sealed class ProgressEndpoint : IAsyncDisposable
{
    private readonly WebApplication? application;

    private ProgressEndpoint(WebApplication? application) => this.application = application;

    /// <summary>Null where nothing listens.</summary>
    public string? Url => application?.Urls.Single();

    /// <summary>Listens, where there is a port and it can be had: a fetch that nobody can watch is better than none.</summary>
    public static async Task<ProgressEndpoint> StartAsync(ProgressBoard board, string host, int? port, FetchEnvironment environment, CancellationToken cancellationToken)
    {
        if (port is null)
        {
            return new ProgressEndpoint(null);
        }

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.Zero);
        builder.WebHost.ConfigureKestrel(server => server.Listen(IPAddress.Parse(host), port.Value));
        var application = builder.Build();
        application.MapGet(ServingPaths.FetchProgress, () => Results.Bytes(board.Read().ToJson(), "application/json"));
        try
        {
            await application.StartAsync(cancellationToken).ConfigureAwait(false);
            return new ProgressEndpoint(application);
        }
        catch (IOException e)
        {
            environment.Say($"progress cannot be told at {host} port {port}: {e.Message}");
            await application.DisposeAsync().ConfigureAwait(false);
            return new ProgressEndpoint(null);
        }
    }

    public ValueTask DisposeAsync() => application?.DisposeAsync() ?? ValueTask.CompletedTask;
}
