using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Queue;
using Octavo.KubernetesClient;

namespace Octavo.LocalCluster.Controllers;

/// <summary>A controller's loop: takes keys, reconciles them one by one, tries again with back-off what failed.</summary>
internal abstract partial class QueueController(string name, TimeProvider time, ILogger logger) : IDisposable
{
    /// <summary>Name under which the controller manager's controllers own fields.</summary>
    public const string FieldManager = "kube-controller-manager";

    private readonly ILogger logger = logger;

    public string Name => name;

    protected WorkQueue Queue { get; } = new(name, time);

    protected TimeProvider Time => time;

    protected ILogger Logger => logger;

    protected static WriteOptions Write { get; } = new() { FieldManager = FieldManager };

    /// <summary>Works with <paramref name="workers"/> at once until cancelled.</summary>
    public Task RunAsync(int workers, CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, workers).Select(_ => WorkAsync(cancellationToken)));

    public virtual void Dispose() => Queue.Dispose();

    /// <summary>Brings one object nearer to what it should be; a time means that it must be looked at again then, though nothing changes.</summary>
    protected abstract Task<TimeSpan?> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken);

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await Queue.GetAsync(cancellationToken).ConfigureAwait(false) is { } key)
            {
                try
                {
                    var again = await ReconcileAsync(key, cancellationToken).ConfigureAwait(false);
                    Queue.Forget(key);
                    if (again is { } delay)
                    {
                        Queue.AddAfter(key, delay);
                    }
                }
                catch (KubernetesException exception) when (exception.IsConflict || exception.IsNotFound || exception.IsAlreadyExists)
                {
                    // The cache was behind: the next look is at newer state.
                    LogStale(name, key, exception.Message);
                    Queue.AddRateLimited(key);
                }
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
                {
                    LogFailed(name, key, exception);
                    Queue.AddRateLimited(key);
                }
                finally
                {
                    Queue.Done(key);
                }
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Controller} tries {Key} again: {Reason}")]
    private partial void LogStale(string controller, NamespacedName key, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Controller} failed on {Key} and tries again")]
    private partial void LogFailed(string controller, NamespacedName key, Exception exception);
}
