using Microsoft.Extensions.Logging;
using Octavo.ControllerRuntime.Discovery;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Cache;

/// <summary>
/// The cache of a kind that may be absent (its CRD is not installed) or not be shown (no right to list it), now or later. It runs while the kind is served;
/// when the kind vanishes its objects are told as deleted. Readiness waits only for the first answer, whatever it is.
/// </summary>
public sealed class OptionalInformer<T> : IInformer where T : class, IKubernetesObject
{
    private readonly ApiCatalog catalog;
    private readonly ILogger logger;
    private readonly TaskCompletionSource settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock gate = new();
    private TaskCompletionSource catalogChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool isRunning;
    private bool wasAvailable;

    public OptionalInformer(SharedInformer<T> informer, ApiCatalog catalog, ILogger<OptionalInformer<T>> logger)
    {
        (Informer, this.catalog, this.logger) = (informer, catalog, logger);
        informer.Changed = OnInformerChanged;
        catalog.Changed += OnCatalogChanged;
    }

    /// <summary><see cref="IsAvailable"/> has changed; on a loop of the cache: quick, never blocking.</summary>
    public event Action? AvailabilityChanged;

    public string Name => Informer.Name;

    /// <summary>Where handlers and indexes are added; run by this object alone.</summary>
    public SharedInformer<T> Informer { get; }

    /// <summary>Empty while the kind is not available.</summary>
    public Lister<T> Lister => Informer.Lister;

    /// <summary>The cache is full and kept: what it does not hold is not there.</summary>
    public bool IsAvailable => Unavailability is null;

    /// <summary>Why <see cref="IsAvailable"/> is false, for people; null where it is true.</summary>
    public string? Unavailability
    {
        get
        {
            lock (gate)
            {
                if (!isRunning)
                {
                    var kind = KubernetesEntityAttribute.Of<T>();
                    return catalog.IsRead
                        ? $"the server serves no {kind.Kind} of {kind.GroupVersion}"
                        : $"whether the server serves {kind.Kind} of {kind.GroupVersion} is not known{(catalog.Failure is { } failure ? $": {failure}" : "")}";
                }
            }

            if (Informer.Trouble is { IsRefusal: true } refusal)
            {
                return refusal.Reason;
            }

            return Informer.HasSynced ? null : Informer.Trouble?.Reason ?? $"{Name} are being listed";
        }
    }

    public string? Complaint => Unavailability;

    /// <summary>The first answer has come: the cache is full, or it is known why not.</summary>
    public bool HasSynced => settled.Task.IsCompletedSuccessfully;

    /// <summary>Always served; only the right to see a kind of it may be missing.</summary>
    private static bool IsOfCoreGroup => !KubernetesEntityAttribute.Of<T>().GroupVersion.Contains('/', StringComparison.Ordinal);

    private bool IsServed => IsOfCoreGroup || catalog.Has<T>();

    public Task WaitForSyncAsync(CancellationToken cancellationToken) => settled.Task.WaitAsync(cancellationToken);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!IsServed)
            {
                await catalog.WaitForFirstLookAsync(cancellationToken).ConfigureAwait(false);
            }

            while (true)
            {
                if (IsServed)
                {
                    await RunWhileServedAsync(cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    settled.TrySetResult();
                }

                await WhileServedIsAsync(false, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    private async Task RunWhileServedAsync(CancellationToken cancellationToken)
    {
        CacheLog.Appeared(logger, Name);
        SetRunning(true);
        using var run = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = Informer.RunAsync(run.Token);
        try
        {
            await WhileServedIsAsync(true, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await run.CancelAsync().ConfigureAwait(false);
            await running.ConfigureAwait(false);
        }

        CacheLog.Vanished(logger, Name);
        SetRunning(false);
        Informer.Forget();
    }

    private async Task WhileServedIsAsync(bool value, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (gate)
            {
                changed = catalogChanged.Task;
            }

            // Asked after the task was taken: a change in between completes it.
            if (IsServed != value)
            {
                return;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void SetRunning(bool value)
    {
        lock (gate)
        {
            isRunning = value;
        }

        TellAvailability();
    }

    private void OnCatalogChanged()
    {
        TaskCompletionSource before;
        lock (gate)
        {
            before = catalogChanged;
            catalogChanged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        before.SetResult();
    }

    private void OnInformerChanged()
    {
        if (Informer.HasSynced || Informer.Trouble is not null)
        {
            settled.TrySetResult();
        }

        if (Informer.Trouble is { IsRefusal: true } && !IsOfCoreGroup)
        {
            catalog.Refresh();
        }

        TellAvailability();
    }

    private void TellAvailability()
    {
        var isAvailable = IsAvailable;
        lock (gate)
        {
            if (wasAvailable == isAvailable)
            {
                return;
            }

            wasAvailable = isAvailable;
        }

        AvailabilityChanged?.Invoke();
    }
}
