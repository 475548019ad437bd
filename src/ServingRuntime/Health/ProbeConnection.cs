using Octavo.ServingContract;
using Octavo.ServingRuntime.OpenAI;

namespace Octavo.ServingRuntime.Health;

/// <summary>
/// Marks what came in by the probe listener, which the kubelet can reach where the API is on loopback: health and readiness are all that is told there. Set on
/// the connection, so that no header can pretend it.
/// </summary>
internal sealed record ProbeConnection
{
    public static bool Answers(HttpRequest request) => request.Path.Value is ServingPaths.Health or ServingPaths.Ready;

    public static ApiException Refusal(HttpRequest request) => new(StatusCodes.Status404NotFound, $"there is no {request.Path} on the port for probes", code: "not_found");
}
