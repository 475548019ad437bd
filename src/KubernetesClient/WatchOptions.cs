namespace Octavo.KubernetesClient;

/// <summary>Query of a watch.</summary>
public sealed record WatchOptions
{
    public string? LabelSelector { get; init; }
    public string? FieldSelector { get; init; }
    public string? ResourceVersion { get; init; }
    public bool AllowBookmarks { get; init; } = true;

    /// <summary>Asks the server to end the stream after this time.</summary>
    public int? TimeoutSeconds { get; init; }
}
