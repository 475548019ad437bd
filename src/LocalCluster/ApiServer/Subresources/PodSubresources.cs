using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Rest;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.ApiServer.Selectors;

namespace Octavo.LocalCluster.ApiServer.Subresources;

/// <summary>binding, eviction, log, and the streams that this server does not carry.</summary>
internal sealed class PodSubresources(ApiServerCore core, AnswerWriter answers, ReadHandler reads, UpdateHandler updates, DeleteHandler deletes, KubeletLogs logs)
{
    private static readonly GroupResource Budgets = new("policy", "poddisruptionbudgets");

    public async Task BindAsync(ResourceRequest request)
    {
        var body = await BodyReader.ReadObjectAsync(request.Http, "Binding");
        var binding = ObjectDecoder.CheckKind(core.Registry, request.Resource, "v1", "Binding", body);
        var podName = request.Info.Subresource.Length > 0 ? request.Name : Metadata.Text(binding, "name");
        var target = binding["target"]?["name"]?.ToString() ?? "";
        if (target.Length == 0)
        {
            throw ApiErrors.Invalid("", "Binding", podName, [new StatusCause("FieldValueRequired", "Required value", "target.name")]);
        }

        var podRequest = ForPod(request, podName);
        updates.Change(podRequest, new ObjectChange(
            live =>
            {
                if (live["spec"]?["nodeName"] is { } node)
                {
                    throw ApiErrors.Conflict("", "pods/binding", podName, $"pod {podName} is already assigned to node \"{node}\"");
                }

                if (Metadata.IsDeleting(live))
                {
                    throw ApiErrors.Conflict("", "pods/binding", podName, $"pod {podName} is being deleted, cannot be assigned to a host");
                }

                var bound = (JsonObject)live.DeepClone();
                bound["spec"]!["nodeName"] = target;
                MarkScheduled(bound);
                return bound;
            },
            null,
            IsPatch: true,
            request.IsDryRun("CreateOptions"))
        { IsBinding = true });
        await WriteSuccessAsync(request);
    }

    public async Task EvictAsync(ResourceRequest request)
    {
        var pod = reads.Find(request).Value;
        var body = await BodyReader.ReadObjectAsync(request.Http, "Eviction");
        var eviction = ObjectDecoder.CheckKind(core.Registry, request.Resource, "policy/v1", "Eviction", body);
        CheckBudgets(request, pod);
        var options = eviction["deleteOptions"] as JsonObject;
        var dryRun = request.IsDryRun("CreateOptions") || options?["dryRun"] is JsonArray { Count: > 0 };
        deletes.Delete(request, request.Namespace, request.Name, new DeleteOptions(
            options?["gracePeriodSeconds"].AsWhole(), options?["propagationPolicy"]?.ToString(), null,
            options?["preconditions"]?["uid"]?.ToString(), options?["preconditions"]?["resourceVersion"]?.ToString(), dryRun));
        await WriteSuccessAsync(request);
    }

    public Task LogAsync(ResourceRequest request) => logs.WriteAsync(request, reads.Find(request).Value);

    public Task RefuseStreamAsync(ResourceRequest request)
    {
        var pod = reads.Find(request).Value;
        if (pod["spec"]?["nodeName"] is null)
        {
            throw ApiErrors.BadRequest($"pod {request.Name} does not have a host assigned");
        }

        throw new ApiException(501, $"LocalCluster does not carry {request.Info.Subresource} streams", "NotImplemented", null);
    }

    private void MarkScheduled(JsonObject pod)
    {
        if (pod["status"] is not JsonObject status)
        {
            pod["status"] = status = [];
        }

        var others = (status["conditions"] as JsonArray ?? []).Where(c => c?["type"]?.ToString() != "PodScheduled").Select(c => c?.DeepClone());
        status["conditions"] = new JsonArray([.. others, new JsonObject
        {
            ["type"] = "PodScheduled",
            ["status"] = "True",
            ["lastProbeTime"] = null,
            ["lastTransitionTime"] = core.Timestamp(),
        }]);
    }

    private ResourceRequest ForPod(ResourceRequest request, string name) => new(
        request.Http, request.Info with { Resource = "pods", Name = name, Subresource = "binding" },
        core.Registry.Find("", "v1", "pods")!, request.User);

    private void CheckBudgets(ResourceRequest request, JsonObject pod)
    {
        foreach (var budget in core.Store.Snapshot(Budgets).In(request.Namespace))
        {
            var selector = LabelSelector.FromObject(budget.Value["spec"]?["selector"]);
            if (selector is null || !selector.Matches(pod))
            {
                continue;
            }

            if ((budget.Value["status"]?["disruptionsAllowed"].AsWhole() ?? 0) > 0)
            {
                continue;
            }

            throw new ApiException(
                429, "Cannot evict pod as it would violate the pod's disruption budget.", "TooManyRequests", new JsonObject
                {
                    ["causes"] = new JsonArray(new JsonObject
                    {
                        ["reason"] = "DisruptionBudget",
                        ["message"] = $"The disruption budget {budget.Name} is still being processed by the server.",
                    }),
                });
        }
    }

    private Task WriteSuccessAsync(ResourceRequest request) => answers.WriteObjectAsync(request, 201, new JsonObject
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["metadata"] = new JsonObject(),
        ["status"] = "Success",
        ["code"] = 201,
    });
}
