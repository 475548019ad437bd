using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Controllers.EndpointSlices;
using static Octavo.LocalCluster.Tests.Controllers.PodExamples;

namespace Octavo.LocalCluster.Tests.Controllers.EndpointSlices;

public sealed class EndpointSliceBuilderTests
{
    [Fact]
    public void Build_ReadyNotReadyAndTerminating_SaysWhichIsWhich()
    {
        var leaving = Pod("c");
        leaving = leaving with { Metadata = leaving.Metadata with { DeletionTimestamp = Now } };
        var slice = EndpointSliceBuilder.Build(Service(), [Pod("a"), Pod("b", ready: false), leaving, Pod("d", phase: "Succeeded")])!;
        slice.Endpoints!.Select(e => (e.TargetRef!.Name, e.Conditions!.Ready, e.Conditions.Serving, e.Conditions.Terminating)).Should().Equal(
            ("a", true, true, false), ("b", false, false, false), ("c", false, true, true));
    }

    [Fact]
    public void Build_NamedTargetPort_IsThePodsContainerPort()
    {
        var pod = Pod("a");
        pod = pod with { Spec = pod.Spec! with { Containers = [pod.Spec.Containers![0] with { Ports = [new V1ContainerPort { Name = "http", ContainerPort = 8000 }] }] } };
        EndpointSliceBuilder.Build(Service(), [pod])!.Ports.Should().ContainSingle().Which.Should().Match<Discoveryv1EndpointPort>(p => p.Name == "web" && p.Port == 8000 && p.Protocol == "TCP");
    }

    [Fact]
    public void Build_Labels_AreTheServicesAndOurOwn()
    {
        var labels = EndpointSliceBuilder.Build(Service(), [])!.Metadata.Labels!;
        labels["kubernetes.io/service-name"].Should().Be("svc");
        labels["endpointslice.kubernetes.io/managed-by"].Should().Be("endpointslice-controller.k8s.io");
        labels["team"].Should().Be("a");
    }

    [Fact]
    public void Build_NoSelector_IsNull() => EndpointSliceBuilder.Build(Service() with { Spec = new V1ServiceSpec() }, []).Should().BeNull();

    private static V1Service Service() => new()
    {
        Metadata = new V1ObjectMeta { Name = "svc", NamespaceProperty = "default", Uid = "svc", Labels = Labels("team=a") },
        Spec = new V1ServiceSpec { Selector = Labels("app=web"), Ports = [new V1ServicePort { Name = "web", Port = 80, TargetPort = "http" }] },
    };
}
