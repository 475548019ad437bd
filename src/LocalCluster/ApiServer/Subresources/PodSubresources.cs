using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Admission;
using Octavo.LocalCluster.ApiServer.Admission.Webhooks;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Rest;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.ApiServer.Selectors;

namespace Octavo.LocalCluster.ApiServer.Subresources;

/// <summary>binding, eviction, log, and the streams that this server does not carry.</summary>
internal sealed class PodSubresources(ApiServerCore core, AnswerWriter answers, ReadHandler reads, UpdateHandler updates, DeleteHandler deletes, KubeletLogs logs,
    WebhookAdmission webhooks)
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
        target = (await AdmitAsync(podRequest, binding, request.IsDryRun("CreateOptions")))["target"]?["name"]?.ToString() ?? "";
        await updates.ChangeAsync(podRequest, new ObjectChange(
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
        var dryRun = request.IsDryRun("CreateOptions") || eviction["deleteOptions"]?["dryRun"] is JsonArray { Count: > 0 };
        var options = (await AdmitAsync(request, eviction, dryRun))["deleteOptions"] as JsonObject;
        await CheckBudgetsAsync(request, pod, dryRun);
        await deletes.DeleteAsync(request, request.Namespace, request.Name, new DeleteOptions(
            options?["gracePeriodSeconds"].AsWhole(), options?["propagationPolicy"]?.ToString(), null,
            options?["preconditions"]?["uid"]?.ToString(), options?["preconditions"]?["resourceVersion"]?.ToString(), dryRun), isAdmitted: true);
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

    /// <summary>What webhooks made of it.</summary>
    private async Task<JsonObject> AdmitAsync(ResourceRequest request, JsonObject value, bool dryRun)
    {
        var attributes = new AdmissionAttributes(request, "CREATE", request.Namespace, request.Name, request.Info.Subresource, value, null, dryRun);
        var admitted = await webhooks.MutateAsync(attributes) ?? value;
        await webhooks.ValidateAsync(attributes with { Object = admitted });
        return admitted;
    }

    /// <summary>Takes one disruption from the pod's budget, or refuses.</summary>
    private async Task CheckBudgetsAsync(ResourceRequest request, JsonObject pod, bool dryRun)
    {
        if (pod["status"]?["phase"]?.ToString() is "Succeeded" or "Failed" or "Pending" || Metadata.IsDeleting(pod))
        {
            return;
        }

        var budgets = core.Store.Snapshot(Budgets).In(request.Namespace).Where(b => LabelSelector.FromObject(b.Value["spec"]?["selector"])?.Matches(pod) == true).ToList();
        if (budgets.Count > 1)
        {
            throw ApiErrors.Unmapped("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
        }

        if (budgets.Count == 0 || EvictionBudget.AllowsUnready(budgets[0].Value, pod))
        {
            return;
        }

        var definition = core.Registry.Find("policy", "v1", "poddisruptionbudgets")!;
        var budget = new ResourceRequest(request.Http, request.Info with { Group = "policy", Version = "v1", Resource = "poddisruptionbudgets", Name = budgets[0].Name, Subresource = "status" }, definition, request.User);
        await updates.ChangeAsync(budget, new ObjectChange(live => EvictionBudget.Take(live, request.Name, core.Timestamp()), null, IsPatch: true, dryRun) { IsInternal = true });
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
