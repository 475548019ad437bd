namespace Octavo.KubernetesClient.Models;

/// <summary>The API server's answer when there is no object to give: most of all, errors.</summary>
public sealed record V1Status
{
    public string? ApiVersion { get; init; }
    public string? Kind { get; init; }
    public V1ListMeta? Metadata { get; init; }

    /// <summary>Success or Failure.</summary>
    public string? Status { get; init; }

    public string? Message { get; init; }
    public string? Reason { get; init; }
    public int? Code { get; init; }
    public V1StatusDetails? Details { get; init; }
}

public sealed record V1StatusDetails
{
    public string? Name { get; init; }
    public string? Group { get; init; }
    public string? Kind { get; init; }
    public string? Uid { get; init; }
    public IReadOnlyList<V1StatusCause>? Causes { get; init; }
    public int? RetryAfterSeconds { get; init; }
}

public sealed record V1StatusCause
{
    public string? Reason { get; init; }
    public string? Message { get; init; }
    public string? Field { get; init; }
}
