using System.Net;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.TestSupport.Kubernetes;

/// <summary>Objects of all kinds with one revision counter and the history that watches read. Values handed in and out are copies.</summary>
internal sealed class FakeStore(TimeProvider timeProvider)
{
    private static readonly string[] Meta = ["uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds"];

    private readonly Lock gate = new();
    private readonly SortedDictionary<string, JsonObject> objects = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Key, string Manager), JsonObject> applied = [];
    private readonly List<FakeChange> history = [];
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long revision = 100;
    private long oldest;

    public long Revision
    {
        get
        {
            lock (gate)
            {
                return revision;
            }
        }
    }

    public JsonObject Get(FakeResource at)
    {
        lock (gate)
        {
            return objects.TryGetValue(at.Key, out var found) ? Copy(found) : throw NotFound(at);
        }
    }

    public (IReadOnlyList<JsonObject> Items, long Revision) List(string resource, string? namespaceName)
    {
        lock (gate)
        {
            var prefix = namespaceName is null ? $"{resource}/" : $"{resource}/{namespaceName}/";
            return ([.. objects.Where(o => o.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(o => Copy(o.Value))], revision);
        }
    }

    public JsonObject Create(FakeResource at, JsonObject value, bool dryRun)
    {
        lock (gate)
        {
            if (objects.ContainsKey(at.Key))
            {
                throw Error(HttpStatusCode.Conflict, "AlreadyExists", $"{at.Resource} \"{at.Name}\" already exists");
            }

            var created = Copy(value);
            var metadata = created["metadata"]!.AsObject();
            metadata["name"] = at.Name;
            metadata["uid"] = Guid.NewGuid().ToString();
            metadata["creationTimestamp"] = Now();
            metadata["generation"] = 1L;
            metadata.Remove("managedFields");
            return dryRun ? created : Commit(at, null, created);
        }
    }

    /// <summary>Puts what <paramref name="change"/> makes of the object, as a PUT or PATCH would.</summary>
    public JsonObject Update(FakeResource at, string? subresource, bool dryRun, Func<JsonObject, JsonObject> change)
    {
        lock (gate)
        {
            if (!objects.TryGetValue(at.Key, out var live))
            {
                throw NotFound(at);
            }

            var wanted = change(Copy(live));
            var given = (string?)wanted["metadata"]?["resourceVersion"];
            if (!string.IsNullOrEmpty(given) && given != (string?)live["metadata"]!["resourceVersion"])
            {
                throw Error(HttpStatusCode.Conflict, "Conflict", $"Operation cannot be fulfilled on {at.Resource} \"{at.Name}\": the object has been modified; please apply your changes to the latest version and try again");
            }

            var next = subresource is "status" ? Copy(live) : wanted;
            if (subresource is "status")
            {
                Take(next, "status", wanted["status"]);
            }
            else if (live["status"] is { } status)
            {
                Take(next, "status", status);
            }

            var metadata = next["metadata"]!.AsObject();
            var liveMetadata = live["metadata"]!.AsObject();
            metadata["name"] = at.Name;
            metadata["resourceVersion"] = liveMetadata["resourceVersion"]!.DeepClone();
            foreach (var name in Meta)
            {
                Take(metadata, name, liveMetadata[name]);
            }

            if (dryRun || JsonNode.DeepEquals(next, live))
            {
                return Copy(next);
            }

            if (!JsonNode.DeepEquals(next["spec"], live["spec"]))
            {
                metadata["generation"] = ((long?)liveMetadata["generation"] ?? 1) + 1;
            }

            var isOver = metadata["deletionTimestamp"] is not null && metadata["finalizers"] is not JsonArray { Count: > 0 };
            return isOver ? Remove(at, live) : Commit(at, live, next);
        }
    }

    public JsonObject Apply(FakeResource at, JsonObject wanted, string manager, string? subresource, bool dryRun)
    {
        lock (gate)
        {
            if ((string?)wanted["metadata"]?["uid"] is { } uid && !objects.ContainsKey(at.Key))
            {
                throw Error(HttpStatusCode.Conflict, "Conflict", $"{at.Resource} \"{at.Name}\": uid mismatch: the provided object specified uid {uid}, and no existing object was found");
            }

            applied.TryGetValue((at.Key, manager + subresource), out var before);
            var result = objects.ContainsKey(at.Key)
                ? Update(at, subresource, dryRun, live => FakeMerge.Apply(live, wanted, before))
                : subresource is null ? Create(at, wanted, dryRun) : throw NotFound(at);
            if (!dryRun)
            {
                applied[(at.Key, manager + subresource)] = Copy(wanted);
            }

            return result;
        }
    }

    public void Delete(FakeResource at, V1Preconditions? preconditions)
    {
        lock (gate)
        {
            if (!objects.TryGetValue(at.Key, out var live))
            {
                throw NotFound(at);
            }

            var metadata = live["metadata"]!;
            if ((preconditions?.Uid is { } uid && uid != (string?)metadata["uid"])
                || (preconditions?.ResourceVersion is { } version && version != (string?)metadata["resourceVersion"]))
            {
                throw Error(HttpStatusCode.Conflict, "Conflict", $"Precondition failed on {at.Resource} \"{at.Name}\"");
            }

            if (metadata["finalizers"] is JsonArray { Count: > 0 })
            {
                if (metadata["deletionTimestamp"] is null)
                {
                    var next = Copy(live);
                    next["metadata"]!["deletionTimestamp"] = Now();
                    Commit(at, live, next);
                }

                return;
            }

            Remove(at, live);
        }
    }

    /// <summary>Changes after a revision, up to which revision they reach, and what completes with the next. Throws 410 where the history no longer reaches back.</summary>
    public (IReadOnlyList<FakeChange> Changes, long Revision, Task Next) After(string resource, long after)
    {
        lock (gate)
        {
            if (after < oldest)
            {
                throw Error(HttpStatusCode.Gone, "Expired", $"too old resource version: {after} ({oldest})");
            }

            return ([.. history.Where(c => c.Revision > after && c.Resource == resource)], revision, changed.Task);
        }
    }

    public void ForgetHistory()
    {
        lock (gate)
        {
            history.Clear();
            oldest = revision;
        }
    }

    internal static KubernetesException Error(HttpStatusCode code, string reason, string message) =>
        new(code, new V1Status { Kind = "Status", Status = "Failure", Code = (int)code, Reason = reason, Message = message }, message);

    private static KubernetesException NotFound(FakeResource at) => Error(HttpStatusCode.NotFound, "NotFound", $"{at.Resource} \"{at.Name}\" not found");

    private static JsonObject Copy(JsonObject value) => value.DeepClone().AsObject();

    private static void Take(JsonObject target, string name, JsonNode? value)
    {
        target.Remove(name);
        if (value is not null)
        {
            target[name] = value.DeepClone();
        }
    }

    private string Now() => timeProvider.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");

    private JsonObject Remove(FakeResource at, JsonObject live)
    {
        objects.Remove(at.Key);
        foreach (var key in applied.Keys.Where(k => k.Key == at.Key).ToList())
        {
            applied.Remove(key);
        }

        Record(at, live, null);
        return Copy(live);
    }

    private JsonObject Commit(FakeResource at, JsonObject? before, JsonObject after)
    {
        after["metadata"]!["resourceVersion"] = (revision + 1).ToString();
        objects[at.Key] = after;
        Record(at, before, after);
        return Copy(after);
    }

    private void Record(FakeResource at, JsonObject? before, JsonObject? after)
    {
        history.Add(new FakeChange(++revision, at.Resource, before, after));
        var told = changed;
        changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        told.SetResult();
    }
}
