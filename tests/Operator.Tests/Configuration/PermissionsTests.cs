using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Finalizer;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Discovery;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Autoscaling;
using Octavo.Operator.Configuration;
using Octavo.Operator.Entities;
using Octavo.Operator.Permissions;
using Octavo.Operator.Tests.Controller;
using Octavo.Operator.Tests.Integrations;
using Octavo.TestSupport;
using Octavo.TestSupport.Kubernetes;

namespace Octavo.Operator.Tests.Configuration;

/// <summary>The rows of permissions, which the roles are written from, against what the operator really asks for: nothing missing, nothing too much.</summary>
public sealed class PermissionsTests
{
    /// <summary>Asked by the API server itself on behalf of owner references.</summary>
    private static readonly string[] NotSeenHere = ["serving.octavo.dev/inferenceservices/finalizers update"];

    private static readonly IReadOnlyDictionary<string, KubernetesEntityAttribute> Kinds = typeof(V1Deployment).Assembly.GetTypes().Concat(typeof(V1Alpha1InferenceService).Assembly.GetTypes())
        .Select(type => type.GetCustomAttribute<KubernetesEntityAttribute>()).OfType<KubernetesEntityAttribute>().DistinctBy(kind => kind.Kind).ToDictionary(kind => kind.Kind);

    private static readonly IReadOnlyList<Permission> Permissions = OperatorFeatures.Permissions(OperatorFeatures.Create());

    [Fact]
    public async Task Permissions_AllThatTheOperatorAsks_IsAllowedAndNothingElse()
    {
        var allowed = Permissions.SelectMany(p => p.Verbs.Split(' ').Select(verb => $"{p.Group}/{p.Resource} {verb}")).ToList();

        var asked = await AskedAsync();
        asked.UnionWith(await AskedByInformersAsync());
        asked.UnionWith(NotSeenHere);

        asked.Except(allowed).Should().BeEmpty("what is asked has to be allowed");
        allowed.Except(asked).Should().BeEmpty("what is not asked should not be allowed");
    }

    [Fact]
    public void Permissions_Secrets_AreNeverRead() => Permissions.Should().NotContain(p => p.Resource.StartsWith("secrets"));

    [Fact]
    public void Permissions_Reasons_AreOneLineEach() => Permissions.Should().OnlyContain(p => p.Why.Length > 0 && !p.Why.Contains('\n'));

    [Fact]
    public void Role_ClusterScopedRows_AreApartFromIt()
    {
        IReadOnlyList<Permission> rows =
        [
            new("", "pods", "patch list", "a"), new("", "pods", "list watch", "b"), new("apps", "deployments", "get", "c"),
            new("", "nodes", "list", "d") { Scope = PermissionScope.Cluster },
        ];

        var role = KubernetesYaml.LoadAll(RoleManifest.Role(rows, "home")).Single();
        var reads = KubernetesYaml.LoadAll(RoleManifest.ClusterReads(rows)!).Single();
        var whole = KubernetesYaml.LoadAll(RoleManifest.ClusterRole(rows)).Single();

        ((string?)role["kind"], (string?)role["metadata"]!["namespace"]).Should().Be(("Role", "home"));
        Rules(role).Should().Equal("/pods list watch patch", "apps/deployments get");
        Rules(reads).Should().Equal("/nodes list");
        Rules(whole).Should().Equal("/nodes list", "/pods list watch patch", "apps/deployments get");
        RoleManifest.ClusterReads([rows[0]]).Should().BeNull();
        RoleManifest.ClusterRole(rows).Should().Contain("  # a\n  # b\n  - apiGroups: [\"\"]\n    resources: [pods]\n");
    }

    /// <summary>The informers of a running operator.</summary>
    private static async Task<IEnumerable<string>> AskedByInformersAsync()
    {
        var client = new FakeKubernetesClient(TimeProvider.System);
        foreach (var group in Kinds.Values.GroupBy(kind => kind.GroupVersion).Where(group => group.Key.Contains('/')))
        {
            client.Served[group.Key] = new ServedVersion(group.Key, [.. group.Select(kind => new ServedKind(kind.Kind, kind.PluralName, kind.Namespaced))]);
        }

        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<IKubernetesClient>(client);
        OperatorApplication.AddOperator(builder.Services, new OperatorOptions(), "default");
        using var host = builder.Build();
        await host.StartAsync();
        var informers = host.Services.GetServices<IInformer>().Distinct().Count();
        await Eventually.HoldsAsync(() => host.Services.GetRequiredService<InformerSet>().HasSynced && client.OpenWatches == informers, "every cache is full and kept");
        await host.StopAsync();
        return client.Requests.Where(request => request.Verb is "list" or "watch").SelectMany(Verbs);
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

        // Optional kinds come and go, and the whole goes in order.
        var service = await harness.ServiceAsync();
        foreach (var scrape in (string?[])["PodMonitor", "ServiceMonitor", null])
        {
            await harness.ChangeSpecAsync(spec => spec with
            {
                Monitoring = scrape is null ? null : new MonitoringSpec { Scrape = scrape, Alerts = true },
                Gateway = scrape is null ? null : IntegrationTests.Gateway,
            });
            await harness.SyncAsync();
            harness.Client.ClearRequests();
            await harness.ReconcileWithOldCacheAsync();
            seen.AddRange(harness.Client.Requests);
        }

        var routed = await harness.ServiceAsync() with { Spec = service.Spec with { Gateway = IntegrationTests.Gateway } };
        harness.Client.ClearRequests();
        var finalizers = new FinalizerManager<V1Alpha1InferenceService>(harness.Client, [harness.Deletion], new OperatorRuntimeOptions());
        await finalizers.AttachAsync(routed, CancellationToken.None);
        await harness.Deletion.FinalizeAsync(service, CancellationToken.None);
        seen.AddRange(harness.Client.Requests.Where(r => r.Verb != "list"));

        var spanning = new OperatorHarness();
        await spanning.CreateAsync(OperatorHarness.Spec("hf://org/name") with { Runtime = new RuntimeSpec { Dialect = "VLLM", Image = "i" }, Accelerator = new AcceleratorSpec { Nodes = 2 } });
        await spanning.ReconcileAsync();
        seen.AddRange(spanning.Client.Requests.Where(r => r.Kind == "LeaderWorkerSet"));

        // Models that a Job fetches: made, shared with another service, given up; and a claim that keeps its pod waiting.
        var filling = new OperatorHarness();
        var claim = await filling.Client.CreateAsync(new V1PersistentVolumeClaim { Metadata = new V1ObjectMeta { Name = "models", NamespaceProperty = OperatorHarness.Namespace } }, null, CancellationToken.None);
        await filling.Client.UpdateStatusAsync(claim with { Status = new V1PersistentVolumeClaimStatus { Phase = "Pending" } }, null, CancellationToken.None);
        await filling.CreateAsync(Storage.FillScene.Spec());
        await filling.SyncAsync();
        filling.Client.ClearRequests();
        await filling.ReconcileWithOldCacheAsync();
        seen.AddRange(filling.Client.Requests);
        var other = await filling.Client.CreateAsync(
            new V1Alpha1InferenceService { Metadata = new V1ObjectMeta { Name = "other", NamespaceProperty = OperatorHarness.Namespace }, Spec = Storage.FillScene.Spec() }, null, CancellationToken.None);
        await filling.SyncAsync();
        filling.Client.ClearRequests();
        await filling.Controller.ReconcileAsync(other, CancellationToken.None);
        seen.AddRange(filling.Client.Requests);
        await filling.Client.DeleteAsync<V1Alpha1InferenceService>("other", OperatorHarness.Namespace, null, CancellationToken.None);
        await filling.ChangeSpecAsync(spec => spec with { Storage = null });
        await filling.SyncAsync();
        filling.Client.ClearRequests();
        await filling.ReconcileWithOldCacheAsync();
        seen.AddRange(filling.Client.Requests);

        // Told again: the Event is counted up.
        seen.Add(new FakeRequest("patch", "Event", OperatorHarness.Namespace, "chat.1"));
        return [.. seen.SelectMany(Verbs)];
    }

    private static IEnumerable<string> Verbs(FakeRequest request)
    {
        var kind = Kinds[request.Kind];
        var resource = $"{kind.Group}/{kind.PluralName}" + (request.Subresource is null ? "" : $"/{request.Subresource}");
        // Pods are named by their uid, and such an apply makes none.
        return request.Verb == "apply" ? request.Subresource is null && request.Kind != "Pod" ? [$"{resource} patch", $"{resource} create"] : [$"{resource} patch"] : [$"{resource} {request.Verb}"];
    }

    private static IEnumerable<string> Rules(JsonNode role) =>
        role["rules"]!.AsArray().Select(rule => $"{Texts(rule!["apiGroups"]).Single()}/{Texts(rule["resources"]).Single()} {string.Join(' ', Texts(rule["verbs"]))}");

    private static IEnumerable<string> Texts(JsonNode? list) => list!.AsArray().Select(i => i!.GetValue<string>());
}
