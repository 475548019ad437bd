using System.Text.Json;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Jobs;

/// <summary>
/// <c>status.uncountedTerminatedPods</c>: ended pods by uid that still carry the job's finalizer. They are written down before their finalizer goes, and
/// move into the counts after it has gone, so that a crash at any point counts each pod exactly once.
/// </summary>
internal sealed record UncountedPods(IReadOnlyList<string> Succeeded, IReadOnlyList<string> Failed)
{
    private const string Field = "uncountedTerminatedPods";

    public bool IsEmpty => Succeeded.Count + Failed.Count == 0;

    public static UncountedPods Of(V1JobStatus? status)
    {
        var element = status?.AdditionalProperties is { } more && more.TryGetValue(Field, out var value) ? value : default;
        return new UncountedPods(List("succeeded"), List("failed"));

        IReadOnlyList<string> List(string name) =>
            element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var list) ? [.. list.EnumerateArray().Select(u => u.GetString()!)] : [];
    }

    public Dictionary<string, JsonElement> ToProperties()
    {
        var value = new Dictionary<string, IReadOnlyList<string>>();
        if (Failed.Count > 0)
        {
            value["failed"] = Failed;
        }

        if (Succeeded.Count > 0)
        {
            value["succeeded"] = Succeeded;
        }

        return new Dictionary<string, JsonElement> { [Field] = JsonSerializer.SerializeToElement(value) };
    }
}
