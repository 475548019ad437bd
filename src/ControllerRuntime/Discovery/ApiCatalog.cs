using Microsoft.Extensions.Logging;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Discovery;

namespace Octavo.ControllerRuntime.Discovery;

/// <summary>
/// Which optional kinds the server serves now: CRDs come and go while an operator runs. Looks once a minute, which needs no rights beyond those that every
/// account has; <see cref="Refresh"/> makes it look sooner. Every member may be called from any thread.
/// </summary>
public sealed class ApiCatalog(IKubernetesClient client, TimeProvider timeProvider, ILogger<ApiCatalog> logger)
{
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <summary>Between two looks, however often <see cref="Refresh"/> is called.</summary>
    public static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly TaskCompletionSource looked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Dictionary<string, IReadOnlyList<ServedKind>> versions = new(StringComparer.Ordinal);
    private TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool isRead;
    private volatile string? failure;

    /// <summary>After a look that found something else than the one before, on the catalog's own loop: quick, never blocking.</summary>
    public event Action? Changed;

    /// <summary>A look has succeeded: what is not in the catalog is not served.</summary>
    public bool IsRead => isRead;

    /// <summary>Why the last look failed; null where it did not. What was known before is kept.</summary>
    public string? Failure => failure;

    /// <summary>Whether the server serves the kind; false before the first look. The core group is not in the catalog, for it is never absent.</summary>
    public bool Has(string groupVersion, string kind) => Find(groupVersion, kind) is not null;

    public bool Has<T>() => Has(KubernetesEntityAttribute.Of<T>().GroupVersion, KubernetesEntityAttribute.Of<T>().Kind);

    /// <summary>Null where the server does not serve the kind. Throws <see cref="ArgumentException"/> for the core group.</summary>
    public ServedKind? Find(string groupVersion, string kind)
    {
        if (!groupVersion.Contains('/', StringComparison.Ordinal))
        {
            throw new ArgumentException($"'{groupVersion}' is of the core group, which the catalog leaves out", nameof(groupVersion));
        }

        lock (gate)
        {
            return versions.GetValueOrDefault(groupVersion)?.FirstOrDefault(k => k.Kind == kind);
        }
    }

    /// <summary>Until the first look is over, well or not.</summary>
    public Task WaitForFirstLookAsync(CancellationToken cancellationToken) => looked.Task.WaitAsync(cancellationToken);

    /// <summary>Something points to the catalog being old (a kind answered 404, a CRD was applied): look soon.</summary>
    public void Refresh()
    {
        lock (gate)
        {
            asked.TrySetResult();
        }
    }

    /// <summary>Looks once. Throws nothing but <see cref="OperationCanceledException"/>: a failure is remembered in <see cref="Failure"/>.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        var hasChanged = false;
        try
        {
            hasChanged = Take(await client.DiscoverAsync(cancellationToken).ConfigureAwait(false));
            failure = null;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            failure = exception.Message;
            var isUsual = exception is KubernetesException or HttpRequestException or IOException or TimeoutException;
            DiscoveryLog.Failed(logger, isUsual ? null : exception, exception.Message);
        }
        finally
        {
            looked.TrySetResult();
        }

        if (hasChanged)
        {
            Tell();
        }
    }

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                lock (gate)
                {
                    asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }

                await LookAsync(cancellationToken).ConfigureAwait(false);
                await Task.Delay(ShortestInterval, timeProvider, cancellationToken).ConfigureAwait(false);
                using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                await Task.WhenAny(asked.Task, Task.Delay(Interval - ShortestInterval, timeProvider, pause.Token)).ConfigureAwait(false);
                await pause.CancelAsync().ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>Whether this look found something else than the one before.</summary>
    private bool Take(IReadOnlyList<ServedVersion> found)
    {
        lock (gate)
        {
            var fresh = new Dictionary<string, IReadOnlyList<ServedKind>>(StringComparer.Ordinal);
            foreach (var version in found)
            {
                // Whoever serves it cannot be asked now: what it said last still holds.
                fresh[version.GroupVersion] = version.IsStale && versions.TryGetValue(version.GroupVersion, out var before) ? before : version.Kinds;
            }

            var same = isRead && fresh.Count == versions.Count
                && fresh.All(f => versions.TryGetValue(f.Key, out var before) && before.ToHashSet().SetEquals(f.Value));
            versions = fresh;
            isRead = true;
            return !same;
        }
    }

    private void Tell()
    {
        foreach (var handler in Changed?.GetInvocationList().Cast<Action>() ?? [])
        {
            try
            {
                handler();
            }
            catch (Exception exception)
            {
                DiscoveryLog.HandlerFailed(logger, exception);
            }
        }
    }
}
