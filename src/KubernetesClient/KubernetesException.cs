using System.Net;
using Octavo.KubernetesClient.Models;

namespace Octavo.KubernetesClient;

/// <summary>An answer that is no success, with the server's Status where it sent one.</summary>
public sealed class KubernetesException(HttpStatusCode statusCode, V1Status? status, string message, Exception? inner = null) : Exception(message, inner)
{
    public HttpStatusCode StatusCode { get; } = statusCode;
    public V1Status? Status { get; } = status;

    /// <summary>From the Retry-After header, where there was one.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public bool IsNotFound => StatusCode == HttpStatusCode.NotFound;
    public bool IsAlreadyExists => StatusCode == HttpStatusCode.Conflict && Status?.Reason == "AlreadyExists";
    public bool IsConflict => StatusCode == HttpStatusCode.Conflict && Status?.Reason != "AlreadyExists";
    public bool IsGone => StatusCode == HttpStatusCode.Gone;
    public bool IsInvalid => StatusCode == HttpStatusCode.UnprocessableEntity;
}
