namespace Octavo.ControllerRuntime.Cache;

/// <summary>
/// Told of every change in order, on the informer's own loop: quick, never blocking, usually only putting a key into a queue.
/// The cache already holds the new state when a handler runs.
/// </summary>
public interface IResourceEventHandler<in T>
{
    void OnAdd(T added);

    void OnUpdate(T before, T after);

    /// <summary>The last known state; after a missed deletion it may be old.</summary>
    void OnDelete(T last);
}
