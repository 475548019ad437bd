using System.Text;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Node.Launch;

namespace Octavo.LocalCluster.Tests.Node.Launch;

public sealed class EnvironmentBuilderTests
{
    private static readonly V1Pod Pod = new()
    {
        Metadata = new V1ObjectMeta { Name = "web-1", NamespaceProperty = "prod", Uid = "u", Labels = new Dictionary<string, string> { ["app"] = "web" } },
        Spec = new V1PodSpec { NodeName = "node-1" },
    };

    private static readonly DownwardApi Downward = new(Pod, "127.1.0.5", "127.0.0.1", new Dictionary<string, string> { ["memory"] = "2Gi" });

    private static readonly ConfigSources Sources = new(
        new Dictionary<string, V1ConfigMap> { ["settings"] = new() { Data = new Dictionary<string, string> { ["LEVEL"] = "high" } } },
        new Dictionary<string, V1Secret> { ["keys"] = new() { Data = new Dictionary<string, byte[]> { ["token"] = Encoding.UTF8.GetBytes("s3cret") } } });

    [Theory]
    [InlineData("status.podIP", "127.1.0.5")]
    [InlineData("metadata.name", "web-1")]
    [InlineData("metadata.namespace", "prod")]
    [InlineData("metadata.labels['app']", "web")]
    [InlineData("metadata.labels['none']", "")]
    [InlineData("spec.nodeName", "node-1")]
    public void Build_FieldRef_IsThePodsField(string path, string expected) =>
        Build(From(new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { FieldPath = path } }))["X"].Should().Be(expected);

    [Theory]
    [InlineData("limits.cpu", null, "2")]
    [InlineData("limits.cpu", "1m", "1500")]
    [InlineData("limits.memory", "1Mi", "2048")]
    [InlineData("requests.cpu", null, "0")]
    public void Build_ResourceFieldRef_IsRoundedUpInItsDivisor(string resource, string? divisor, string expected) =>
        Build(From(new V1EnvVarSource { ResourceFieldRef = new V1ResourceFieldSelector { Resource = resource, Divisor = divisor } })
            with { Resources = new V1ResourceRequirements { Limits = new Dictionary<string, string> { ["cpu"] = "1500m" } } })["X"].Should().Be(expected);

    [Fact]
    public void Build_KeysOfMapsAndSecrets_AreRead()
    {
        Build(From(new V1EnvVarSource { ConfigMapKeyRef = new V1ConfigMapKeySelector { Name = "settings", Key = "LEVEL" } }))["X"].Should().Be("high");
        Build(From(new V1EnvVarSource { SecretKeyRef = new V1SecretKeySelector { Name = "keys", Key = "token" } }))["X"].Should().Be("s3cret");
        Build(From(new V1EnvVarSource { SecretKeyRef = new V1SecretKeySelector { Name = "none", Key = "token", Optional = true } })).Should().NotContainKey("X");
    }

    [Fact]
    public void Build_MissingReferences_SayTheKubeletsWords()
    {
        FluentActions.Invoking(() => Build(From(new V1EnvVarSource { ConfigMapKeyRef = new V1ConfigMapKeySelector { Name = "none", Key = "k" } })))
            .Should().Throw<ContainerConfigException>().WithMessage("configmap \"none\" not found").Which.Reason.Should().Be("CreateContainerConfigError");
        FluentActions.Invoking(() => Build(From(new V1EnvVarSource { SecretKeyRef = new V1SecretKeySelector { Name = "keys", Key = "k" } })))
            .Should().Throw<ContainerConfigException>().WithMessage("couldn't find key k in Secret prod/keys");
    }

    [Fact]
    public void Build_ValuesThatReferToEarlierOnes_AreExpanded()
    {
        var container = new V1Container
        {
            Name = "main",
            EnvFrom = [new V1EnvFromSource { Prefix = "P_", ConfigMapRef = new V1EnvSourceReference { Name = "settings" } }],
            Env = [new V1EnvVar { Name = "A", Value = "$(P_LEVEL)!" }, new V1EnvVar { Name = "B", Value = "$(A) $(LATER)" }, new V1EnvVar { Name = "LATER", Value = "x" }],
        };
        Build(container).Should().Equal(new Dictionary<string, string> { ["P_LEVEL"] = "high", ["A"] = "high!", ["B"] = "high! $(LATER)", ["LATER"] = "x" });
    }

    private static IReadOnlyDictionary<string, string> Build(V1Container container) => EnvironmentBuilder.Build(container, Downward, Sources);

    private static V1Container From(V1EnvVarSource source) => new() { Name = "main", Env = [new V1EnvVar { Name = "X", ValueFrom = source }] };
}
