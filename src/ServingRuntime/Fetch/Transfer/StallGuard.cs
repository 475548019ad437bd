namespace Octavo.ServingRuntime.Fetch.Transfer;

/// <summary>
/// Reads from a connection that must keep bringing bytes: fewer than <see cref="LeastBytes"/> within the timeout, and it is given up. So neither a
/// silent connection nor one that drips holds up a download.
/// </summary>
internal sealed class StallGuard : IDisposable
{
    public const int LeastBytes = 64 << 10;
    private readonly CancellationTokenSource stall;
    private readonly CancellationTokenSource linked;
    private readonly CancellationToken outer;
    private readonly TimeSpan timeout;
    private long sinceRenewal;

    public StallGuard(TimeProvider time, TimeSpan timeout, CancellationToken cancellationToken)
    {
        this.timeout = timeout;
        outer = cancellationToken;
        stall = new CancellationTokenSource(timeout, time);
        linked = CancellationTokenSource.CreateLinkedTokenSource(stall.Token, cancellationToken);
    }

    /// <summary>Runs a network operation under the guard; its failures become <see cref="FetchException"/>s that may be retried.</summary>
    public async Task<T> RunAsync<T>(string what, Func<CancellationToken, Task<T>> action)
    {
        try
        {
            return await action(linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (stall.IsCancellationRequested && !outer.IsCancellationRequested)
        {
            throw FetchException.Transient($"{what} brought nothing for {timeout.TotalSeconds:F0} s", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw FetchException.Transient($"{what}: {(e.InnerException ?? e).Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>Bytes read; 0 at the end of the stream.</summary>
    public async ValueTask<int> ReadAsync(string what, Stream stream, Memory<byte> buffer)
    {
        var count = await RunAsync(what, token => stream.ReadAsync(buffer, token).AsTask()).ConfigureAwait(false);
        sinceRenewal += count;
        if (sinceRenewal >= LeastBytes)
        {
            sinceRenewal = 0;
            stall.CancelAfter(timeout);
        }

        return count;
    }

    public void Dispose()
    {
        linked.Dispose();
        stall.Dispose();
    }
}
