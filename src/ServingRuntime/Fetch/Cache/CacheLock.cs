namespace Octavo.ServingRuntime.Fetch.Cache;

/// <summary>
/// One fetch at a time of a folder, among all processes and pods that share the volume: an advisory lock (flock) on a file beside it. The operating
/// system releases it when its holder dies, however it dies; the file itself stays, because removing it would let two hold "the" lock.
/// </summary>
internal sealed class CacheLock : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SayEvery = TimeSpan.FromSeconds(30);
    private readonly FileStream file;

    private CacheLock(FileStream file) => this.file = file;

    /// <summary>Waits for the lock, and says so.</summary>
    public static async Task<CacheLock> AcquireAsync(string path, FetchEnvironment environment, CancellationToken cancellationToken)
    {
        long? said = null;
        while (true)
        {
            if (TryAcquire(path) is { } acquired)
            {
                return acquired;
            }

            if (said is null || environment.Time.GetElapsedTime(said.Value) >= SayEvery)
            {
                environment.Say($"waiting for another fetch into the same folder ({path} is locked)");
                said = environment.Time.GetTimestamp();
            }

            await Task.Delay(Pause, environment.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    public static CacheLock? TryAcquire(string path)
    {
        try
        {
            return new CacheLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (IsLocked(e))
        {
            return null;
        }
    }

    public void Dispose() => file.Dispose();

    /// <summary>EWOULDBLOCK of flock on Linux and macOS; a sharing violation on Windows. Other failures are failures.</summary>
    private static bool IsLocked(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020) or unchecked((int)0x80070021);
}
