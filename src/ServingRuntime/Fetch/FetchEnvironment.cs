using System.Security.Cryptography;

namespace Octavo.ServingRuntime.Fetch;

/// <summary>What a fetch sees of the world around it.</summary>
/// <param name="Variable">Value of an environment variable; null where it is not set.</param>
/// <param name="Time">Clock and timers.</param>
/// <param name="Random">Jitter.</param>
/// <param name="FreeBytes">Bytes that may still be written below a folder that exists.</param>
/// <param name="Log">Progress, a line each.</param>
internal sealed record FetchEnvironment(Func<string, string?> Variable, TimeProvider Time, Random Random, Func<string, long> FreeBytes, TextWriter Log)
{
    /// <summary>The process's own. The seed comes from the system, so that pods that start together do not retry together.</summary>
    public static FetchEnvironment OfProcess(TextWriter log) => new(
        name => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null,
        TimeProvider.System,
        new Random(RandomNumberGenerator.GetInt32(int.MaxValue)),
        folder => new DriveInfo(folder).AvailableFreeSpace,
        log);

    public void Say(string line)
    {
        lock (Log)
        {
            Log.WriteLine($"fetch: {line}");
        }
    }
}
