using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster;
using Octavo.Operator.Entities;
using Octavo.Operator.Integrations;
using Octavo.OperatorCluster.Tests.Chaos;
using Octavo.OperatorCluster.Tests.Harness;

namespace Octavo.OperatorCluster.Tests.Behaviour;

/// <summary>What belongs to whom, over an API server that keeps managers of fields, collects garbage and takes namespaces apart.</summary>
public sealed class OwnershipTests : IAsyncLifetime
{
    private const string Name = "chat";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private readonly CancellationTokenSource timeout = new(TimeSpan.FromMinutes(4), TimeProvider.System);
    private ClusterHarness harness = null!;
    private OperatorInstance operatorInstance = null!;

    private CancellationToken Stop => timeout.Token;

    public async Task InitializeAsync()
    {
        harness = await ClusterHarness.StartAsync(
            new LocalClusterOptions { NodeList = [new ClusterNode { Name = "node-0", IsHollow = true, Resources = new Dictionary<string, string> { [ServiceWish.Resource] = "8" } }] }, Stop);
        operatorInstance = await harness.StartOperatorAsync("a", Stop);
    }

    public async Task DisposeAsync()
    {
        await harness.DisposeAsync();
        timeout.Dispose();
    }

    [Fact]
    public async Task Deployment_ScaledByAnotherManager_IsLeftToIt()
    {
        await ApplyAsync(ClusterHarness.Namespace, Spec with { Replicas = null });
        await StatusAsync(ClusterHarness.Namespace, s => s.ReadyReplicas == 1, "one replica");

        var patch = new V1Patch(JsonNode.Parse("""{"spec":{"replicas":3}}""")!, V1PatchType.MergePatch);
        await harness.Client.PatchAsync<V1Deployment>(Name, ClusterHarness.Namespace, patch, null, new WriteOptions { FieldManager = "an-autoscaler" }, Stop);

        await StatusAsync(ClusterHarness.Namespace, s => s is { DesiredReplicas: 3, ReadyReplicas: 3 }, "three replicas, which the status follows");
        var deployment = await harness.Client.GetAsync<V1Deployment>(Name, ClusterHarness.Namespace, Stop);
        deployment.Spec!.Replicas.Should().Be(3);
        ManagedFields.Owners(deployment.Metadata, "spec", "replicas").Select(o => o.Manager).Should().Equal("an-autoscaler");
    }

    [Fact]
    public async Task Service_DeletedWithOrphansAndMadeAgain_GoesOnWithTheSamePods()
    {
        await ApplyAsync(ClusterHarness.Namespace, Spec);
        await StatusAsync(ClusterHarness.Namespace, s => s.ReadyReplicas == 1, "one replica");
        var before = await harness.Client.GetAsync<V1Deployment>(Name, ClusterHarness.Namespace, Stop);
        await harness.Client.DeleteAsync<V1Alpha1InferenceService>(Name, ClusterHarness.Namespace, new V1DeleteOptions { PropagationPolicy = "Orphan" }, Stop);
        await UntilAsync(async () => await FindAsync(ClusterHarness.Namespace) is null, "the service is gone");

        var again = await ApplyAsync(ClusterHarness.Namespace, Spec);

        await StatusAsync(ClusterHarness.Namespace, s => s.Conditions?.Any(c => c is { Type: "WorkloadReady", Status: "True" }) == true, "the workload is taken over");
        var after = await harness.Client.GetAsync<V1Deployment>(Name, ClusterHarness.Namespace, Stop);
        after.Metadata.Uid.Should().Be(before.Metadata.Uid);
        after.Metadata.OwnerReferences.Should().ContainSingle().Which.Uid.Should().Be(again.Metadata.Uid);
        KubernetesJson.DeepEquals(after.Spec!.Template, before.Spec!.Template).Should().BeTrue("taking over rolls nothing");
    }

    [Fact]
    public async Task Namespace_WithARoutedService_GoesWithTheOperatorsHelp()
    {
        await InstallAsync("gateway.networking.k8s.io", "HTTPRoute", "httproutes");
        await NamespaceAsync("going");
        await ApplyAsync("going", Spec with { Gateway = new GatewaySpec { HttpRoute = new HttpRouteSpec { ParentRefs = [new ParentReferenceSpec { Name = "web" }] } } });
        await StatusAsync("going", s => s.ReadyReplicas == 1 && s.Conditions!.Any(c => c is { Type: "RoutingReady", Status: "True" }), "a route");
        (await FindAsync("going"))!.Metadata.Finalizers.Should().Contain("serving.octavo.dev/ordered-deletion");

        await harness.Client.DeleteAsync<V1Namespace>("going", null, null, Stop);

        await UntilAsync(async () => await harness.Client.FindAsync<V1Namespace>("going", null, Stop) is null, "the namespace is gone");
    }

    [Fact]
    public async Task Namespace_WithAPlainService_GoesWithoutAnOperator()
    {
        await NamespaceAsync("going");
        await ApplyAsync("going", Spec);
        await StatusAsync("going", s => s.ReadyReplicas == 1, "one replica");
        await harness.StopOperatorAsync(operatorInstance);

        await harness.Client.DeleteAsync<V1Namespace>("going", null, null, Stop);

        await UntilAsync(async () => await harness.Client.FindAsync<V1Namespace>("going", null, Stop) is null, "the namespace is gone");
    }

    [Fact]
    public async Task OptionalKind_ComesAndGoes_ServiceIsReadyAllTheWhile()
    {
        await ApplyAsync(ClusterHarness.Namespace, Spec with { Monitoring = new MonitoringSpec { Scrape = "PodMonitor" } });
        await StatusAsync(ClusterHarness.Namespace, s => s.ReadyReplicas == 1 && Monitoring(s) == "KindMissing", "the kind is missing");

        await InstallAsync("monitoring.coreos.com", "PodMonitor", "podmonitors");

        await StatusAsync(ClusterHarness.Namespace, s => Monitoring(s) == "Applied", "the kind is found");
        (await harness.Client.FindAsync<PodMonitor>(Name, ClusterHarness.Namespace, Stop)).Should().NotBeNull();
        await harness.Client.SendAsync(HttpMethod.Delete, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/podmonitors.monitoring.coreos.com", null, null, Stop);
        await StatusAsync(ClusterHarness.Namespace, s => Monitoring(s) == "KindMissing" && s.Conditions!.Any(c => c is { Type: "Ready", Status: "True" }), "the kind is missing again, and nobody minds");

        static string? Monitoring(InferenceServiceStatus status) => status.Conditions?.FirstOrDefault(c => c.Type == "MonitoringReady")?.Reason;
    }

    private static InferenceServiceSpec Spec => new ServiceWish(1, 1, 0).ToSpec();

    private async Task NamespaceAsync(string name)
    {
        await harness.Client.CreateAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = name } }, null, Stop);
        await UntilAsync(async () => await harness.Client.FindAsync<V1ServiceAccount>("default", name, Stop) is not null, "the namespace's ServiceAccount");
    }

    private Task<V1Alpha1InferenceService> ApplyAsync(string ns, InferenceServiceSpec spec) => harness.Client.ApplyAsync(
        new V1Alpha1InferenceService { Metadata = new V1ObjectMeta { Name = Name, NamespaceProperty = ns }, Spec = spec }, new ApplyOptions { FieldManager = "user", Force = true }, Stop);

    private Task<V1Alpha1InferenceService?> FindAsync(string ns) => harness.Client.FindAsync<V1Alpha1InferenceService>(Name, ns, Stop);

    private Task StatusAsync(string ns, Func<InferenceServiceStatus, bool> wanted, string what) => ClusterHarness.UntilAsync(
        async () => (await FindAsync(ns))?.Status is { } status && wanted(status) ? null : $"{what}; the status is {KubernetesJson.ToNode((await FindAsync(ns))?.Status ?? new()).ToJsonString()}", Limit, Stop);

    private Task UntilAsync(Func<Task<bool>> holds, string what) => ClusterHarness.UntilAsync(async () => await holds() ? null : what, Limit, Stop);

    /// <summary>A kind of another project, with the shape of its objects left open.</summary>
    private async Task InstallAsync(string group, string kind, string plural)
    {
        var definition = KubernetesYaml.Load($$$"""
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: {{{plural}}}.{{{group}}}, annotations: {api-approved.kubernetes.io: "https://github.com/kubernetes-sigs/gateway-api"}}
            spec:
              group: {{{group}}}
              names: {kind: {{{kind}}}, listKind: {{{kind}}}List, plural: {{{plural}}}, singular: {{{kind.ToLowerInvariant()}}}}
              scope: Namespaced
              versions:
                - name: v1
                  served: true
                  storage: true
                  schema:
                    openAPIV3Schema:
                      type: object
                      properties: {spec: {type: object, x-kubernetes-preserve-unknown-fields: true}}
            """);
        await harness.Client.ApplyManifestAsync(definition, new ApplyOptions { FieldManager = "user", Force = true }, Stop);
    }
}
