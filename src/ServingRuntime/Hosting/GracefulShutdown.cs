using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Configuration;

namespace Octavo.ServingRuntime.Hosting;

/// <summary>
/// SIGTERM or Ctrl-C: readiness turns false and new requests get 503 while those in flight end, up to the timeout; then the rest is aborted and the server
/// stops. A second signal stops the waiting.
/// </summary>
internal sealed partial class GracefulShutdown(ModelHost host, ServingOptions options, IHostApplicationLifetime lifetime, ILogger<GracefulShutdown> logger)
    : IHostLifetime, IDisposable
{
    private readonly List<PosixSignalRegistration> signals = [];
    private int received;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        foreach (var signal in (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT])
        {
            signals.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                LogSignal(context.Signal);
                _ = DrainAndStopAsync();
            }));
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task DrainAndStopAsync()
    {
        var repeated = Interlocked.Increment(ref received) > 1;
        try
        {
            if (host.Loaded is { } model)
            {
                await model.Llm.DrainAsync(repeated ? TimeSpan.Zero : options.ShutdownTimeout);
            }
        }
        catch (Exception e)
        {
            LogDrainFailed(e);
        }

        lifetime.StopApplication();
    }

    public void Dispose() => signals.ForEach(s => s.Dispose());

    [LoggerMessage(Level = LogLevel.Information, Message = "Received {Signal}: shutting down")]
    private partial void LogSignal(PosixSignal signal);

    [LoggerMessage(Level = LogLevel.Error, Message = "Draining failed")]
    private partial void LogDrainFailed(Exception exception);
}
