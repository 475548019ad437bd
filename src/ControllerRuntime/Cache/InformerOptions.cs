namespace Octavo.ControllerRuntime.Cache;

/// <summary>Which objects an informer holds.</summary>
public sealed record InformerOptions
{
    /// <summary>Null: all namespaces, or a cluster-scoped kind.</summary>
    public string? Namespace { get; init; }

    public string? LabelSelector { get; init; }
    public string? FieldSelector { get; init; }

    public int PageSize { get; init; } = 500;

    /// <summary>A watch is asked to end after a random time between this and twice this, so that a dead connection is noticed and load spreads.</summary>
    public TimeSpan MinWatchTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>After a failure; doubles with jitter up to <see cref="MaxBackoff"/>.</summary>
    public TimeSpan InitialBackoff { get; init; } = TimeSpan.FromMilliseconds(800);

    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(30);
}
