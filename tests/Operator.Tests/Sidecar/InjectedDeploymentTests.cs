using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.Operator.Sidecar;
using static Octavo.Operator.Tests.Sidecar.SidecarScene;

namespace Octavo.Operator.Tests.Sidecar;

/// <summary>What is kept of the Deployments of a cluster: little, since all of them are looked at.</summary>
public sealed class InjectedDeploymentTests
{
    [Fact]
    public void Read_WithoutAnnotation_KeepsItsIdentityAlone()
    {
        var deployment = App(Annotated(null));

        deployment.Spec.Should().BeNull();
        var kept = KubernetesJson.ToNode(deployment.Metadata).AsObject();
        kept.Select(m => m.Key).Should().BeEquivalentTo("name", "namespace", "uid", "resourceVersion", "generation");
        deployment.IsInjected.Should().BeFalse();
    }

    [Fact]
    public void Read_WithAnnotation_KeepsOursAndThePortsOfOthers()
    {
        var template = App().Spec!.Template!;

        template.Metadata!.Annotations!.Keys.Should().Equal(SidecarNames.Inject);
        KubernetesJson.ToNode(template.Spec!.Containers!.Single()).ToJsonString().Should().Be("""{"name":"app","ports":[{"containerPort":9000}]}""");
        template.Spec.Volumes.Should().BeEmpty();
    }

    [Fact]
    public void Read_WhatIsLeftOfASidecar_IsSeenWithoutTheAnnotation()
    {
        var record = Decide(App(), Service()).Record!;

        With(record, inject: null).Should().Match<InjectedDeployment>(d => d.Spec != null && d.IsInjected);
        App(app =>
        {
            Annotated(null)(app);
            app["spec"]!["template"]!["spec"]!["initContainers"] = new JsonArray(new JsonObject { ["name"] = SidecarNames.ServingContainer });
        }).Spec.Should().NotBeNull();
        With(record).Metadata.ManagedFields!.Value.GetArrayLength().Should().Be(1, "of the managed fields ours are kept");
    }
}
