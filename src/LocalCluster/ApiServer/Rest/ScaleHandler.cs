using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Conversion;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.ApiServer.ServerSideApply;

namespace Octavo.LocalCluster.ApiServer.Rest;

/// <summary>The scale subresource: an autoscaling/v1 Scale that stands for the replicas of another object.</summary>
internal sealed class ScaleHandler(
    ApiServerCore core, AnswerWriter answers, ReadHandler reads, UpdateHandler updates, PatchHandler patches, ObjectSemantics semantics)
{
    private const string ApiVersion = "autoscaling/v1";

    public Task GetAsync(ResourceRequest request)
    {
        var live = VersionConversion.ToServed(request.Resource, reads.Find(request).Value);
        return answers.WriteObjectAsync(request, 200, ToScale(request.Resource, live));
    }

    public async Task PutAsync(ResourceRequest request)
    {
        var body = await BodyReader.ReadObjectAsync(request.Http, "Scale");
        var scale = ObjectDecoder.CheckKind(core.Registry, request.Resource, ApiVersion, "Scale", body);
        await ChangeAsync(request, _ => scale, isPatch: false, request.IsDryRun("UpdateOptions"));
    }

    public async Task PatchAsync(ResourceRequest request)
    {
        var type = PatchHandler.CheckType(request);
        var bytes = await BodyReader.ReadBytesAsync(request.Http);
        var dryRun = request.IsDryRun("PatchOptions");

        // An applied Scale has one field to own, so it merges like a patch under its manager's name.
        var patch = type == PatchHandler.Apply ? BodyReader.ParseYaml(bytes).Node : PatchHandler.ParsePatch(bytes, type);
        var patchType = type == PatchHandler.Json ? PatchHandler.Json : PatchHandler.Merge;
        await ChangeAsync(request, current => patches.ApplyPatch(request, current, patchType, patch), isPatch: true, dryRun);
    }

    private async Task ChangeAsync(ResourceRequest request, Func<JsonObject, JsonObject> change, bool isPatch, bool dryRun)
    {
        var resource = request.Resource;
        var paths = resource.Scale!;
        JsonObject Changed(JsonObject live)
        {
            var current = ToScale(resource, live);
            var scale = change(current);
            if (Metadata.Text(scale, "name") is { Length: > 0 } name && name != request.Name)
            {
                throw ApiErrors.BadRequest($"the name of the object ({name}) does not match the name on the URL ({request.Name})");
            }

            var replicas = Replicas(scale);
            if (replicas < 0 && !resource.IsCustom)
            {
                throw ApiErrors.Invalid("autoscaling", "Scale", request.Name, [new StatusCause(
                    "FieldValueInvalid", $"Invalid value: {replicas}: must be greater than or equal to 0", "spec.replicas")]);
            }

            var updated = (JsonObject)live.DeepClone();
            var version = Metadata.Text(scale, "resourceVersion");
            if (version.Length > 0)
            {
                Metadata.Of(updated)["resourceVersion"] = version;
            }

            Write(updated, paths.SpecReplicas, replicas);
            FieldManager.TrackScale(semantics.SchemaOf(resource), live, updated, paths.SpecReplicas, request.FieldManager, resource.ApiVersion);
            return updated;
        }

        var result = await updates.ChangeAsync(request, new ObjectChange(Changed, null, IsPatch: true, dryRun) 
        {
            View = live => ToScale(resource, live),
            TakeView = (updated, scale) => Write(updated, paths.SpecReplicas, Replicas(scale)),
        });
        await answers.WriteObjectAsync(request, 200, ToScale(resource, result));
    }

    private static long Replicas(JsonObject scale)
    {
        var node = (scale["spec"] as JsonObject)?["replicas"];
        return node switch
        {
            null => 0,
            JsonValue when node.AsWhole() is { } number => number,
            _ => throw ApiErrors.BadRequest(
                $"Scale in version \"v1\" cannot be handled as a Scale: json: cannot unmarshal {node.GoKind()} into Go struct field ScaleSpec.spec.replicas of type int32"),
        };
    }

    private static JsonObject ToScale(ResourceDefinition resource, JsonObject live)
    {
        var paths = resource.Scale!;
        var metadata = new JsonObject();
        foreach (var name in (string[])["name", "namespace", "uid", "resourceVersion", "creationTimestamp"])
        {
            if (live["metadata"]?[name] is { } value)
            {
                metadata[name] = value.DeepClone();
            }
        }

        var spec = new JsonObject();
        if (Read(live, paths.SpecReplicas) is { } wanted && wanted.AsWhole() != 0)
        {
            spec["replicas"] = wanted.DeepClone();
        }

        var status = new JsonObject { ["replicas"] = Read(live, paths.StatusReplicas)?.DeepClone() ?? 0 };
        if (paths.LabelSelector is { } path && Selector(Read(live, path)) is { Length: > 0 } selector)
        {
            status["selector"] = selector;
        }

        return new JsonObject
        {
            ["kind"] = "Scale",
            ["apiVersion"] = ApiVersion,
            ["metadata"] = metadata,
            ["spec"] = spec,
            ["status"] = status,
        };
    }

    private static string? Selector(JsonNode? node) => node switch
    {
        JsonObject map when map.ContainsKey("matchLabels") || map.ContainsKey("matchExpressions") => Selectors.LabelSelectorText.Of(map),
        JsonObject map => Selectors.LabelSelectorText.OfLabels(map),
        null => null,
        _ => node.ToString(),
    };

    private static JsonNode? Read(JsonNode node, string path)
    {
        JsonNode? current = node;
        foreach (var part in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            current = (current as JsonObject)?[part];
        }

        return current;
    }

    private static void Write(JsonObject target, string path, long value)
    {
        var parts = path.Split('.', StringSplitOptions.RemoveEmptyEntries);
        var current = target;
        foreach (var part in parts[..^1])
        {
            if (current[part] is not JsonObject child)
            {
                current[part] = child = [];
            }

            current = child;
        }

        current[parts[^1]] = value;
    }
}
