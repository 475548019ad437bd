using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.OperatorCluster.Tests.Harness;

namespace Octavo.OperatorCluster.Tests.AnyCluster;

/// <summary>
/// What must hold on every API server: <c>make test-cluster</c> runs these against the one of KUBECONFIG, or the binaries of KUBEBUILDER_ASSETS. Nothing here
/// needs an image that can be pulled.
/// </summary>
[Trait("Category", "Cluster")]
public sealed class ClusterTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>, IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource timeout = new(TimeSpan.FromMinutes(3), TimeProvider.System);

    private CancellationToken Stop => timeout.Token;

    private IKubernetesClient Client => fixture.Cluster.Client;

    private string Namespace => fixture.Cluster.Namespace;

    [Fact]
    public async Task Create_MinimalService_MakesOwnedObjectsAndATruthfulStatus()
    {
        var service = await CreateAsync("minimal", """{"model": {"uri": "file:///models/tiny"}, "replicas": 1}""");
        await StatusAsync("minimal", s => s.ObservedGeneration == 1 && s.Conditions?.Any(c => c.Type == "Ready") == true);

        var deployment = await Client.GetAsync<V1Deployment>("minimal", Namespace, Stop);
        var address = await Client.GetAsync<V1Service>("minimal", Namespace, Stop);
        foreach (var metadata in (V1ObjectMeta[])[deployment.Metadata, address.Metadata])
        {
            metadata.OwnerReferences.Should().ContainSingle().Which.Uid.Should().Be(service.Metadata.Uid);
            var managers = metadata.ManagedFields!.Value.EnumerateArray().Where(f => f.GetProperty("operation").GetString() == "Apply").Select(f => f.GetProperty("manager").GetString());
            managers.Should().Equal("octavo-operator");
        }

        deployment.Spec!.Replicas.Should().Be(1);
        (await GetAsync("minimal")).Metadata.Generation.Should().Be(1, "the operator never writes a spec");
    }

    [SkippableFact]
    public async Task Create_ServiceWhosePodsRun_BecomesReadyAndThenNothingIsWritten()
    {
        Skip.IfNot(fixture.Cluster.HasHollowNodes, "the pods' image cannot be had here");
        await CreateAsync("quiet", """{"model": {"uri": "file:///models/tiny"}, "replicas": 2}""");
        await StatusAsync("quiet", s => s.ReadyReplicas == 2 && IsTrue(s, "Ready") && s.Conditions!.All(c => c.Type is not ("Reconciling" or "Stalled")));

        await ClusterHarness.UntilQuietAsync(() => VersionsAsync("quiet"), Stop);
        var before = await VersionsAsync("quiet");

        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System, Stop);

        ObjectVersions.Changes(before, await VersionsAsync("quiet")).Should().BeEmpty();
    }

    [Fact]
    public async Task SomebodyChangesTheDeployment_OwnedFieldsAreRepairedAndOthersKept()
    {
        await CreateAsync("drift", """{"model": {"uri": "file:///models/tiny"}, "replicas": 1}""");
        await StatusAsync("drift", s => s.ObservedGeneration == 1);
        var seconds = (await Client.GetAsync<V1Deployment>("drift", Namespace, Stop)).Spec!.Template!.Spec!.TerminationGracePeriodSeconds;

        await Client.PatchAsync<V1Deployment>("drift", Namespace, new V1Patch(
            JsonNode.Parse("""{"metadata":{"labels":{"team":"blue"}},"spec":{"template":{"spec":{"terminationGracePeriodSeconds":599}}}}""")!, V1PatchType.MergePatch), null, null, Stop);

        await ClusterHarness.UntilAsync(
            async () => (await Client.GetAsync<V1Deployment>("drift", Namespace, Stop)).Spec!.Template!.Spec!.TerminationGracePeriodSeconds == seconds ? null : "the owned field", Limit, Stop);
        (await Client.GetAsync<V1Deployment>("drift", Namespace, Stop)).Metadata.Labels!["team"].Should().Be("blue");
    }

    [Fact]
    public async Task Scale_ThroughTheSubresource_ReachesTheDeployment()
    {
        await CreateAsync("scaled", """{"model": {"uri": "file:///models/tiny"}, "replicas": 1}""");
        await StatusAsync("scaled", s => s.ObservedGeneration == 1);

        await Client.SendAsync(HttpMethod.Patch, $"/apis/serving.octavo.dev/v1alpha1/namespaces/{Namespace}/inferenceservices/scaled/scale",
            JsonNode.Parse("""{"spec":{"replicas":3}}"""), "application/merge-patch+json", Stop);

        await ClusterHarness.UntilAsync(async () => (await Client.GetAsync<V1Deployment>("scaled", Namespace, Stop)).Spec!.Replicas == 3 ? null : "three replicas", Limit, Stop);
    }

    [Theory]
    [InlineData("""{"model": {"uri": "file:///m"}, "replicas": 1, "autoscaling": {"maxReplicas": 2}}""", "exclude each other")]
    [InlineData("""{"model": {"uri": "file:///m"}, "autoscaling": {"minReplicas": 3, "maxReplicas": 2}}""", "minReplicas")]
    [InlineData("""{"model": {"uri": "ftp://host/m"}}""", "uri")]
    [InlineData("""{"model": {}}""", "uri")]
    [InlineData("""{"model": {"uri": "file:///m"}, "replicas": -1}""", "replicas")]
    public async Task Create_SpecThatCannotBe_IsRefusedAndSaysWhy(string spec, string words)
    {
        var create = () => CreateAsync("refused", spec);

        (await create.Should().ThrowAsync<KubernetesException>()).Which.Message.Should().Contain(words);
    }

    [Fact]
    public async Task Delete_Service_TakesEverythingWithIt()
    {
        await CreateAsync("gone", """{"model": {"uri": "file:///models/tiny"}, "replicas": 1}""");
        await StatusAsync("gone", s => s.ObservedGeneration == 1);

        await Client.DeleteAsync<V1Alpha1InferenceService>("gone", Namespace, null, Stop);

        await ClusterHarness.UntilAsync(
            async () => (await VersionsAsync("gone")).Keys.FirstOrDefault(k => !k.StartsWith("events", StringComparison.Ordinal)), Limit, Stop);
    }

    public void Dispose() => timeout.Dispose();

    private async Task<V1Alpha1InferenceService> CreateAsync(string name, string spec)
    {
        var manifest = new JsonObject
        {
            ["apiVersion"] = V1Alpha1InferenceService.GroupVersion,
            ["kind"] = V1Alpha1InferenceService.EntityKind,
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = Namespace },
            ["spec"] = JsonNode.Parse(spec),
        };
        await Client.SendAsync(HttpMethod.Post, $"/apis/serving.octavo.dev/v1alpha1/namespaces/{Namespace}/inferenceservices", manifest, "application/json", Stop);
        return await GetAsync(name);
    }

    private Task<V1Alpha1InferenceService> GetAsync(string name) => Client.GetAsync<V1Alpha1InferenceService>(name, Namespace, Stop);

    private Task StatusAsync(string name, Func<InferenceServiceStatus, bool> isWanted)
    {
        V1Alpha1InferenceService? before = null;
        return ClusterHarness.UntilAsync(
            async () =>
            {
                var now = await GetAsync(name);
                if (now.Status is { } status && now.Metadata.ResourceVersion != before?.Metadata.ResourceVersion)
                {
                    StatusRules.Check(before, now).Should().BeEmpty();
                    before = now;
                }

                return now.Status is not null && isWanted(now.Status) ? null : $"{name}: {now.Status}\n{string.Join('\n', fixture.Log.Lines.TakeLast(20))}";
            },
            Limit,
            Stop);
    }

    /// <summary>Versions of what bears the service's name or begins with it.</summary>
    private async Task<SortedDictionary<string, string>> VersionsAsync(string name) => new(
        (await ObjectVersions.ReadAsync(Client, Stop)).Where(v => v.Key.Contains($" {Namespace}/{name}", StringComparison.Ordinal)).ToDictionary(), StringComparer.Ordinal);

    private static bool IsTrue(InferenceServiceStatus status, string type) => status.Conditions!.Any(c => c.Type == type && c.Status == "True");
}
