namespace Octavo.KubernetesClient.Http;

/// <summary>A request that can be sent again.</summary>
internal sealed record ApiRequest(HttpMethod Method, string PathAndQuery)
{
    public byte[]? Body { get; init; }

    public string ContentType { get; init; } = "application/json";

    /// <summary>The Accept header; null: JSON, or whatever else there is.</summary>
    public string? Accept { get; init; }

    /// <summary>Sending it twice has the effect of sending it once.</summary>
    public bool IsIdempotent { get; init; } = true;

    /// <summary>The reader of the answer takes the response over (a watch).</summary>
    public bool KeepsResponse { get; init; }
}
