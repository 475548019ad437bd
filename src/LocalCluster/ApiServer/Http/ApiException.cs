using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Http;

/// <summary>A request that is answered with a Status instead of what was asked for.</summary>
internal sealed class ApiException(int code, string message, string? reason, JsonObject? details) : Exception(message)
{
    public int Code { get; } = code;

    /// <summary>Null where a real server sends none.</summary>
    public string? Reason { get; } = reason;

    public JsonObject? Details { get; } = details;

    /// <summary>metadata of the Status; an expired list puts a fresh continue token there.</summary>
    public JsonObject Metadata { get; init; } = [];

    public int? RetryAfterSeconds { get; init; }

    public JsonObject ToStatus()
    {
        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = Metadata.DeepClone(),
            ["status"] = "Failure",
            ["message"] = Message,
        };
        if (Reason is not null)
        {
            status["reason"] = Reason;
        }

        if (Details is not null)
        {
            status["details"] = Details.DeepClone();
        }

        status["code"] = Code;
        return status;
    }
}
