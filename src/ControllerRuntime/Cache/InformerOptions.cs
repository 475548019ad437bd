namespace Octavo.ControllerRuntime.Cache;

/// <summary>Which objects an informer holds.</summary>
public sealed record InformerOptions
{
    /// <summary>Some namespaces are listed and watched one by one. A cluster-scoped kind knows only <see cref="NamespaceScope.All"/>.</summary>
    public NamespaceScope Namespaces { get; init; } = NamespaceScope.All;

    public string? LabelSelector { get; init; }
    public string? FieldSelector { get; init; }

    public int PageSize { get; init; } = 500;

    /// <summary>A watch is asked to end after a random time between this and twice this, so that a dead connection is noticed and load spreads.</summary>
    public TimeSpan MinWatchTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>After a failure; doubles with jitter up to <see cref="MaxBackoff"/>.</summary>
    public TimeSpan InitialBackoff { get; init; } = TimeSpan.FromMilliseconds(800);

    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The least time after which an optional kind is asked for again that the server refuses to show (401, 403) or does not serve (404); told in the log
    /// once, for it may be meant so. What everybody needs is asked for with <see cref="MaxBackoff"/>, and complained of each time.
    /// </summary>
    public TimeSpan RefusalPause { get; init; } = TimeSpan.FromMinutes(2);
}
