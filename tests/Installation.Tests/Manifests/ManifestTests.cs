using System.Text.Json.Nodes;
using Octavo.Gateway.Configuration;
using Octavo.KubernetesClient;
using Octavo.Operator.Configuration;
using Octavo.TestSupport;

namespace Octavo.Installation.Tests.Manifests;

/// <summary>What config/ says about our own executables, held to them.</summary>
public sealed class ManifestTests
{
    [SkippableTheory]
    [InlineData("default")]
    [InlineData("namespaced")]
    public async Task Arguments_OfOperatorAndGateway_AreFlagsThatTheyKnow(string overlay)
    {
        var objects = await InstalledObjects.KustomizeAsync(overlay);

        OperatorCommand.Create().Parse(Arguments(objects["Deployment octavo-system/octavo-operator"])).Errors.Should().BeEmpty();
        GatewayCommand.Create((_, _) => Task.FromResult(0), TextWriter.Null).Parse(Arguments(objects["Deployment octavo-system/octavo-gateway"])).Errors.Should().BeEmpty();
    }

    [SkippableFact]
    public async Task Pods_OfAllOverlays_MeetTheRestrictedStandardAndHaveTwoReplicas()
    {
        var objects = await InstalledObjects.KustomizeAsync("default");
        foreach (var name in (string[])["octavo-operator", "octavo-gateway"])
        {
            var workload = JsonNode.Parse(objects[$"Deployment octavo-system/{name}"])!["spec"]!;
            var pod = workload["template"]!["spec"]!;
            var container = pod["containers"]!.AsArray().Single()!;
            workload["replicas"]!.GetValue<int>().Should().Be(2);
            pod["securityContext"]!["runAsNonRoot"]!.GetValue<bool>().Should().BeTrue();
            pod["securityContext"]!["runAsUser"]!.GetValue<int>().Should().Be(65532);
            pod["securityContext"]!["seccompProfile"]!["type"]!.GetValue<string>().Should().Be("RuntimeDefault");
            container["securityContext"]!.ToJsonString().Should().Be("""{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]},"readOnlyRootFilesystem":true}""");
            container["resources"]!["requests"].Should().NotBeNull();
            pod["volumes"]!.AsArray().Should().OnlyContain(v => v!["emptyDir"] != null);
            (pod["affinity"] ?? pod["topologySpreadConstraints"])!.ToJsonString().Should().Contain("kubernetes.io/hostname");
        }
    }

    [SkippableTheory]
    [InlineData("default")]
    [InlineData("namespaced")]
    public async Task SelectorsOfBudgetsAndPolicies_FindTheirPods(string overlay)
    {
        var objects = (await InstalledObjects.KustomizeAsync(overlay)).ToDictionary(o => o.Key, o => JsonNode.Parse(o.Value)!, StringComparer.Ordinal);
        foreach (var name in (string[])["octavo-operator", "octavo-gateway"])
        {
            var labels = objects[$"Deployment octavo-system/{name}"]["spec"]!["template"]!["metadata"]!["labels"];
            JsonNode.DeepEquals(objects[$"PodDisruptionBudget octavo-system/{name}"]["spec"]!["selector"]!["matchLabels"], labels).Should().BeTrue();
            JsonNode.DeepEquals(objects[$"NetworkPolicy octavo-system/{name}"]["spec"]!["podSelector"]!["matchLabels"], labels).Should().BeTrue();
        }
    }

    [SkippableFact]
    public async Task Namespaced_Objects_AreAllOfOneNamespace()
    {
        var objects = await InstalledObjects.KustomizeAsync("namespaced");

        objects.Should().OnlyContain(o => JsonNode.Parse(o.Value, null, default)!["metadata"]!["namespace"]!.GetValue<string>() == "octavo-system");
        objects.Keys.Should().NotContain(k => k.StartsWith("Cluster", StringComparison.Ordinal) || k.StartsWith("CustomResource", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task ClusterReads_BindTheOperatorOfTheNamespaceToReadingOnly()
    {
        var objects = (await InstalledObjects.KustomizeAsync("cluster-reads")).Values.Select(o => JsonNode.Parse(o)!).ToDictionary(o => o["kind"]!.GetValue<string>(), StringComparer.Ordinal);
        var accounts = await InstalledObjects.KustomizeAsync("namespaced");

        objects.Keys.Should().BeEquivalentTo("ClusterRole", "ClusterRoleBinding");
        var subject = objects["ClusterRoleBinding"]["subjects"]!.AsArray().Single()!;
        accounts.Keys.Should().Contain($"ServiceAccount {subject["namespace"]}/{subject["name"]}");
        objects["ClusterRoleBinding"]["roleRef"]!["name"]!.GetValue<string>().Should().Be(objects["ClusterRole"]["metadata"]!["name"]!.GetValue<string>(), "a suffix is put on both");
        objects["ClusterRole"]["rules"]!.AsArray().SelectMany(r => r!["verbs"]!.AsArray()).Select(v => v!.GetValue<string>()).Distinct().Should().BeSubsetOf(["list", "watch"]);
    }

    [Fact]
    public void NetworkPolicyOfTheOperator_Replicas_AreFoundByTheLabelThatTheyGet()
    {
        var policy = KubernetesYaml.Load(File.ReadAllText(Path.Combine(Repository.Root, "config", "network", "operator.yaml")));

        policy["spec"]!["egress"]!.AsArray().Last()!["to"]![0]!["podSelector"]!["matchLabels"]!.ToJsonString()
            .Should().Be($$"""{"{{ServingContract.ServingLabels.ManagedBy}}":"{{Operator.Resources.ServingObjectMeta.FieldManager}}"}""");
    }

    private static IReadOnlyList<string> Arguments(string deployment) =>
        [.. JsonNode.Parse(deployment)!["spec"]!["template"]!["spec"]!["containers"]![0]!["args"]!.AsArray().Select(a => a!.GetValue<string>())];
}
