namespace Octavo.KubernetesClient;

/// <summary>One line of a watch. For <see cref="WatchEventType.Bookmark"/> the object carries only a resourceVersion.</summary>
public sealed record WatchEvent<T>(WatchEventType Type, T Object) where T : class;

public enum WatchEventType
{
    Added,
    Modified,
    Deleted,
    Bookmark,
}
