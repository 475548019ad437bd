namespace Octavo.ControllerRuntime.Cache;

/// <summary>An informer of any kind, as its host sees it.</summary>
public interface IInformer
{
    /// <summary>The kind, for logs.</summary>
    string Name { get; }

    /// <summary>The cache has held everything at least once.</summary>
    bool HasSynced { get; }

    Task WaitForSyncAsync(CancellationToken cancellationToken);

    /// <summary>Lists and watches until cancelled; the network's failures never end it.</summary>
    Task RunAsync(CancellationToken cancellationToken);
}
