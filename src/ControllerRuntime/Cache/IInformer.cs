namespace Octavo.ControllerRuntime.Cache;

/// <summary>An informer of any kind, as its host sees it.</summary>
public interface IInformer
{
    /// <summary>The kind, for logs.</summary>
    string Name { get; }

    /// <summary>The cache has held everything at least once.</summary>
    bool HasSynced { get; }

    /// <summary>Why what it holds is not to be relied on, for people; null while all is well.</summary>
    string? Complaint { get; }

    Task WaitForSyncAsync(CancellationToken cancellationToken);

    /// <summary>Lists and watches until cancelled; the network's failures never end it.</summary>
    Task RunAsync(CancellationToken cancellationToken);
}
