using System.Text.Json.Nodes;
using Octavo.KubernetesClient;

namespace Octavo.TestSupport.Kubernetes;

/// <summary>One revision of the store: what an object was and what it is.</summary>
internal sealed record FakeChange(long Revision, string Resource, JsonObject? Before, JsonObject? After)
{
    /// <summary>What a watch with this selector is told; null where it is told nothing.</summary>
    public (WatchEventType Type, JsonObject Object)? For(string? namespaceName, Func<JsonObject, bool> matches)
    {
        var old = Before is not null && Matches(Before);
        var now = After is not null && Matches(After);
        return (old, now) switch
        {
            (false, true) => (WatchEventType.Added, After!),
            (true, true) => (WatchEventType.Modified, After!),
            (true, false) => (WatchEventType.Deleted, AtRevision(Before!)),
            _ => null,
        };

        bool Matches(JsonObject value) => (namespaceName is null || (string?)value["metadata"]!["namespace"] == namespaceName) && matches(value);
    }

    private JsonObject AtRevision(JsonObject value)
    {
        var copy = value.DeepClone().AsObject();
        copy["metadata"]!["resourceVersion"] = Revision.ToString();
        return copy;
    }
}
