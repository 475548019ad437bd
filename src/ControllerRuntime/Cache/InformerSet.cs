namespace Octavo.ControllerRuntime.Cache;

/// <summary>All informers of a process.</summary>
public sealed class InformerSet(IEnumerable<IInformer> informers)
{
    private readonly IReadOnlyList<IInformer> informers = [.. informers.Distinct()];

    /// <summary>Every cache has been full at least once: what readiness asks.</summary>
    public bool HasSynced => informers.All(i => i.HasSynced);

    public IReadOnlyList<IInformer> All => informers;

    /// <summary>Those that have not, for a readiness answer that says why.</summary>
    public IReadOnlyList<string> NotSynced => [.. informers.Where(i => !i.HasSynced).Select(i => i.Name)];

    public Task WaitForSyncAsync(CancellationToken cancellationToken) => Task.WhenAll(informers.Select(i => i.WaitForSyncAsync(cancellationToken)));

    internal Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(informers.Select(i => i.RunAsync(cancellationToken)));
}
