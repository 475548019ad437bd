using Octavo.KubernetesClient;

namespace Octavo.LocalCluster.Commands;

/// <summary>What verbs have in common that run until SIGTERM or Ctrl-C.</summary>
internal static class UntilSignal
{
    /// <param name="run">Starts what the verb is for and returns after <see cref="WaitAsync"/>.</param>
    /// <returns>0 after a signal; 1 where it could not begin or go on, with a sentence on standard error.</returns>
    public static async Task<int> RunAsync(LogLevel level, Func<ILoggerFactory, Task> run, CancellationToken cancellationToken)
    {
        using var loggers = CommonOptions.CreateLoggers(level);
        try
        {
            await run(loggers).ConfigureAwait(false);
            return 0;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return 0;
        }
        catch (Exception exception) when (exception is FormatException or IOException or UnauthorizedAccessException or KubernetesException or KubernetesConfigurationException or HttpRequestException)
        {
            Console.Error.WriteLine($"octavo-local: {exception.Message}");
            return 1;
        }
    }

    public static async Task WaitAsync(CancellationToken cancellationToken)
    {
        var signal = new TaskCompletionSource();
        await using var registration = cancellationToken.Register(signal.SetResult).ConfigureAwait(false);
        await signal.Task.ConfigureAwait(false);
    }
}
