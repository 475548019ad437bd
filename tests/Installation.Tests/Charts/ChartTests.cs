using System.Text.Json.Nodes;
using Octavo.Installation.Tests.Manifests;
using Octavo.KubernetesClient;
using Octavo.TestSupport;

namespace Octavo.Installation.Tests.Charts;

/// <summary>charts/octavo installs what config/ installs, object by object.</summary>
public sealed class ChartTests
{
    private const string Namespace = "octavo-system";

    private const string Everything = """
        {"imagePullSecrets": [{"name": "registry"}],
         "operator": {"extraArgs": ["--workers=8"], "nodeSelector": {"pool": "system"}, "tolerations": [{"key": "system", "operator": "Exists"}], "priorityClassName": "high"},
         "gateway": {"extraArgs": ["--max-held-requests=9"], "nodeSelector": {"pool": "edge"}, "priorityClassName": "high", "service": {"type": "LoadBalancer", "port": 8080, "annotations": {"a/b": "c"}}},
         "networkPolicies": {"apiServerPorts": [8443], "replicaNamespaces": ["team-a"]},
         "monitoring": {"podMonitors": true, "rules": true, "dashboard": true, "labels": {"release": "prometheus"}}}
        """;

    private static readonly string Folder = Path.Combine(Repository.Root, "charts", "octavo");

    [SkippableFact]
    public async Task Chart_DefaultValues_InstallsConfigDefault()
    {
        var expected = await InstalledObjects.KustomizeAsync("default");
        // `helm install --create-namespace` makes it.
        expected.Remove("Namespace /octavo-system").Should().BeTrue();

        Compare(InstalledObjects.Of(Render()), expected);
    }

    [SkippableFact]
    public async Task Chart_OneNamespace_InstallsConfigNamespaced() =>
        Compare(InstalledObjects.Of(Render(Namespaced)), await InstalledObjects.KustomizeAsync("namespaced"));

    [SkippableFact]
    public async Task Chart_ClusterReads_InstallsConfigClusterReadsToo() =>
        Compare(InstalledObjects.Of(Render(Namespaced[..^1] + ", \"clusterReads\": true}")), await InstalledObjects.KustomizeAsync("namespaced", "cluster-reads"));

    [Fact]
    public void Chart_ClusterReadsForAllNamespaces_AreInItsRoleAlready() =>
        InstalledObjects.Of(Render("""{"clusterReads": true}""")).Keys.Should().Equal(InstalledObjects.Of(Render()).Keys);

    [SkippableFact]
    public async Task Chart_WithMonitoring_InstallsConfigMonitoringToo()
    {
        var expected = await InstalledObjects.KustomizeAsync("default", "monitoring");
        expected.Remove("Namespace /octavo-system");

        Compare(InstalledObjects.Of(Render("""{"monitoring": {"podMonitors": true, "rules": true, "dashboard": true}}""")), expected);
    }

    [Fact]
    public void Chart_SeveralNamespaces_HasRolesInEachAndNoneForTheCluster()
    {
        var objects = InstalledObjects.Of(Render("""{"watchNamespaces": ["team-a", "team-b"], "crds": {"install": false}}"""));

        objects.Keys.Should().Contain(["Role team-a/octavo-operator", "RoleBinding team-a/octavo-operator", "Role team-b/octavo-gateway", "RoleBinding team-b/octavo-gateway"]);
        objects.Keys.Should().NotContain(k => k.StartsWith("Cluster", StringComparison.Ordinal));
        objects["RoleBinding team-b/octavo-operator"].Should().Contain("\"namespace\": \"octavo-system\"");
    }

    [Fact]
    public void Chart_EverythingSet_ShowsItAll()
    {
        var objects = InstalledObjects.Of(Render(Everything));

        objects[$"Deployment {Namespace}/octavo-operator"].Should().ContainAll("--workers=8", "\"pool\": \"system\"", "\"registry\"", "\"priorityClassName\": \"high\"", "\"operator\": \"Exists\"");
        objects[$"Deployment {Namespace}/octavo-gateway"].Should().ContainAll("--max-held-requests=9", "\"pool\": \"edge\"");
        objects[$"Service {Namespace}/octavo-gateway"].Should().ContainAll("LoadBalancer", "\"port\": 8080", "\"a/b\": \"c\"");
        objects[$"NetworkPolicy {Namespace}/octavo-operator"].Should().Contain("8443").And.NotContain("6443");
        objects.Keys.Should().Contain("NetworkPolicy team-a/octavo-replicas");
        objects[$"PrometheusRule {Namespace}/octavo"].Should().Contain("\"release\": \"prometheus\"");
    }

    [Fact]
    public void Chart_WithoutGateway_HasNothingOfIt() =>
        InstalledObjects.Of(Render("""{"gateway": {"enabled": false}}""")).Keys.Should().NotContain(k => k.EndsWith("octavo-gateway", StringComparison.Ordinal));

    [Fact]
    public void CustomResourceDefinition_OutlivesTheRelease() =>
        Render().Single(o => o["kind"]!.GetValue<string>() == "CustomResourceDefinition")["metadata"]!["annotations"]!["helm.sh/resource-policy"]!.GetValue<string>().Should().Be("keep");

    [Fact]
    public void Schema_EveryValue_IsDescribedReadByTemplatesAndHasADefault()
    {
        var first = Renderer(Everything);
        first.Render();
        var renderer = Renderer(Namespaced, first.Read);
        renderer.Render();
        var defaults = Renderer().Values;

        foreach (var (path, schema) in ValuesSchema.Properties(Schema()))
        {
            schema["description"]?.GetValue<string>().Should().NotBeNullOrWhiteSpace($"{path} is described");
            path.Split('.').Aggregate((JsonNode?)defaults, (node, name) => node?[name]).Should().NotBeNull($"{path} is in values.yaml");
            renderer.Read.Should().Contain(r => r == path || r.StartsWith(path + ".", StringComparison.Ordinal), $"{path} is for something");
        }
    }

    [Theory]
    [InlineData("""{}""", "")]
    [InlineData(Everything, "")]
    [InlineData("""{"operater": {}}""", "values: additionalProperties")]
    [InlineData("""{"operator": {"replicas": "2"}}""", "values.operator.replicas: type")]
    [InlineData("""{"operator": {"image": "octavo/operator"}}""", "values.operator.image: pattern")]
    [InlineData("""{"operator": {"extraArgs": ["workers"]}}""", "values.operator.extraArgs[]: pattern")]
    [InlineData("""{"gateway": {"service": {"type": "None"}}}""", "values.gateway.service.type: enum")]
    [InlineData("""{"gateway": {"service": {"port": 70000}}}""", "values.gateway.service.port: maximum")]
    [InlineData("""{"watchNamespaces": ["Team_A"]}""", "values.watchNamespaces[]: pattern")]
    [InlineData("""{"networkPolicies": {"apiServerPorts": []}}""", "values.networkPolicies.apiServerPorts: minItems")]
    [InlineData("""{"imagePullSecrets": [{}]}""", "values.imagePullSecrets[]: required")]
    public void Schema_Values_AreTakenOrRefused(string values, string error)
    {
        var errors = ValuesSchema.Validate(Schema(), Renderer(values).Values);

        errors.Should().HaveCount(error.Length == 0 ? 0 : 1);
        errors.Should().BeEquivalentTo(errors.Where(e => e.StartsWith(error, StringComparison.Ordinal)));
    }

    [SkippableFact]
    public async Task Chart_ByHelm_IsWhatTheseTestsRender()
    {
        var helm = ExternalTool.Require("helm");
        var values = Path.Combine(Path.GetTempPath(), $"octavo-{Guid.NewGuid():n}.json");
        foreach (var given in (string[])["{}", Everything, Namespaced])
        {
            await File.WriteAllTextAsync(values, given);
            var rendered = await ExternalTool.RunAsync(helm, ["template", "octavo", Folder, "--namespace", Namespace, "--values", values]);

            Compare(InstalledObjects.Of(Render(given)), InstalledObjects.Of(KubernetesYaml.LoadAll(rendered)));
        }

        await ExternalTool.RunAsync(helm, ["lint", "--strict", Folder]);
        File.Delete(values);
    }

    private const string Namespaced = """{"watchNamespaces": ["octavo-system"], "crds": {"install": false}, "networkPolicies": {"replicaNamespaces": ["octavo-system"]}}""";

    private static JsonObject Schema() => JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, "values.schema.json")))!.AsObject();

    private static ChartRenderer Renderer(string values = "{}", HashSet<string>? read = null)
    {
        var renderer = new ChartRenderer(Folder, Namespace, JsonNode.Parse(values)!.AsObject());
        renderer.Read.UnionWith(read ?? []);
        return renderer;
    }

    private static IReadOnlyList<JsonObject> Render(string values = "{}") => Renderer(values).Render();

    /// <summary>Names first, so that a missing object reads as such; then each by itself.</summary>
    private static void Compare(SortedDictionary<string, string> actual, SortedDictionary<string, string> expected)
    {
        actual.Keys.Should().Equal(expected.Keys);
        foreach (var (name, content) in expected)
        {
            actual[name].Should().Be(content, name);
        }
    }
}
