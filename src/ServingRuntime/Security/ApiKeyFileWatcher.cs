namespace Octavo.ServingRuntime.Security;

/// <summary>Reads files of keys again every few seconds, so that a rotated Secret takes effect without a restart. A bad file keeps the old keys and is logged once.</summary>
internal sealed partial class ApiKeyFileWatcher(ServerKeys keys, TimeProvider timeProvider, ILogger<ApiKeyFileWatcher> logger) : IHostedService, IDisposable
{
    internal static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private readonly ApiKeyRing[] watched = [.. new[] { keys.Api, keys.Admin }.Where(ring => ring.File is not null)];
    private readonly Dictionary<string, string> complaints = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private ITimer? timer;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (watched.Length > 0)
        {
            timer = timeProvider.CreateTimer(_ => ReloadAll(), null, Period, Period);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => timer?.Dispose();

    private void ReloadAll()
    {
        // A read that hangs must not gather more threads behind it.
        if (!gate.TryEnter())
        {
            return;
        }

        try
        {
            foreach (var ring in watched)
            {
                Reload(ring, ring.File!);
            }
        }
        finally
        {
            gate.Exit();
        }
    }

    private void Reload(ApiKeyRing ring, string file)
    {
        try
        {
            if (ring.Reload())
            {
                LogReloaded(file, ring.Count);
            }

            complaints.Remove(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            if (!complaints.TryGetValue(file, out var before) || before != e.Message)
            {
                complaints[file] = e.Message;
                LogBad(file, e.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "API keys were read again from {File}: {Count} keys are valid")]
    private partial void LogReloaded(string file, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "API keys cannot be read again from {File}, the old ones stay valid: {Reason}")]
    private partial void LogBad(string file, string reason);
}
