using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.Operator.Autoscaling;
using Octavo.Operator.Entities;
using Octavo.Operator.Tests.Controller;
using Octavo.TestSupport;
using Octavo.TestSupport.Kubernetes;

namespace Octavo.Operator.Tests.Configuration;

/// <summary>config/rbac/role.yaml against what the operator really asks for: nothing missing, nothing too much.</summary>
public sealed class PermissionsTests
{
    /// <summary>Asked for by informers, which these tests replace, and by the API server on behalf of owner references.</summary>
    private static readonly string[] NotSeenHere =
    [
        "serving.octavo.dev/inferenceservices list", "serving.octavo.dev/inferenceservices watch", "serving.octavo.dev/inferenceservices get",
        "serving.octavo.dev/inferenceservices/finalizers update", "apps/deployments list", "apps/deployments watch", "apps/controllerrevisions list", "apps/controllerrevisions watch", "/services list", "/services watch", "/persistentvolumeclaims list", "/persistentvolumeclaims watch", "/pods list", "/pods watch",
    ];

    [Fact]
    public async Task ClusterRole_AllThatTheControllerDoes_IsAllowedAndNothingElse()
    {
        var asked = await AskedAsync();
        var allowed = Allowed().ToList();

        allowed.Should().Contain(asked);
        allowed.Should().OnlyContain(a => asked.Contains(a) || NotSeenHere.Contains(a));
        allowed.Should().Contain(NotSeenHere);
    }

    /// <summary>A life with all that may happen: created, scaled out and in, failed, told.</summary>
    private static async Task<HashSet<string>> AskedAsync()
    {
        var harness = new OperatorHarness();
        await harness.CreateAsync(OperatorHarness.Autoscaled() with
        {
            Model = new ModelSpec { Uri = "hf://org/name" }, Storage = new StorageSpec { Size = new WrittenQuantity("1Gi"), AccessMode = "ReadWriteMany" },
        });
        harness.States.Set(OperatorHarness.Key, AutoscalerState.Resume(3, null));
        await harness.SyncAsync();
        harness.Client.ClearRequests();
        var seen = new List<FakeRequest>();
        await harness.ReconcileWithOldCacheAsync();
        seen.AddRange(harness.Client.Requests);
        await harness.RolloutAsync(ready: 3);
        var load = new Dictionary<string, ReplicaLoad> { ["chat-0"] = new(0, 1, 0.1, 0.5, 0) };
        harness.States.Set(OperatorHarness.Key, AutoscalerState.Resume(1, null) with { Loads = load });
        await harness.SyncAsync();
        harness.Client.ClearRequests();
        await harness.ReconcileWithOldCacheAsync();
        await harness.ReconcileWithOldCacheAsync();
        seen.AddRange(harness.Client.Requests);
        // A workload whose record the cache does not have is asked for it; and the fourth change of the wishes is one record too many.
        harness.ForgetRecords();
        harness.Client.ClearRequests();
        await harness.ReconcileWithOldCacheAsync();
        seen.AddRange(harness.Client.Requests);
        for (var seconds = 1; seconds < 5; seconds++)
        {
            await harness.ChangeSpecAsync(spec => spec with { Rollout = new RolloutSpec { DrainSeconds = seconds } });
            await harness.SyncAsync();
            harness.Client.ClearRequests();
            await harness.ReconcileWithOldCacheAsync();
            seen.AddRange(harness.Client.Requests);
        }

        // Told again: the Event is counted up.
        seen.Add(new FakeRequest("patch", "Event", OperatorHarness.Namespace, "chat.1"));
        return [.. seen.SelectMany(Verbs)];
    }

    private static IEnumerable<string> Verbs(FakeRequest request)
    {
        var resource = request.Kind switch
        {
            "Deployment" => "apps/deployments",
            "ControllerRevision" => "apps/controllerrevisions",
            "InferenceService" => "serving.octavo.dev/inferenceservices",
            _ => $"/{request.Kind.ToLowerInvariant()}s",
        } + (request.Subresource is null ? "" : $"/{request.Subresource}");
        return request.Verb == "apply" ? request.Subresource is null ? [$"{resource} patch", $"{resource} create"] : [$"{resource} patch"] : [$"{resource} {request.Verb}"];
    }

    private static IEnumerable<string> Allowed()
    {
        var role = KubernetesYaml.LoadAll(File.ReadAllText(Path.Combine(Repository.Root, "config", "rbac", "role.yaml"))).Single();
        foreach (var rule in role["rules"]!.AsArray())
        {
            foreach (var resource in Texts(rule!["resources"]))
            {
                foreach (var verb in Texts(rule["verbs"]))
                {
                    yield return $"{Texts(rule["apiGroups"]).Single()}/{resource} {verb}";
                }
            }
        }
    }

    private static IEnumerable<string> Texts(JsonNode? list) => list!.AsArray().Select(i => i!.GetValue<string>());
}
