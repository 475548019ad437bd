using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Node.Devices;
using Octavo.LocalCluster.Tests.Controllers;

namespace Octavo.LocalCluster.Tests.Node.Devices;

public sealed class DeviceAllocatorTests
{
    private readonly DeviceAllocator devices = new(new Dictionary<string, string> { ["nvidia.com/gpu"] = "3", ["amd.com/gpu"] = "1", ["cpu"] = "8" });

    [Fact]
    public void Allocate_TwoPods_NeverShareADevice()
    {
        var (one, two) = (Pod("one", "nvidia.com/gpu=2"), Pod("two", "nvidia.com/gpu=1"));
        devices.Allocate(one);
        devices.Allocate(one);
        devices.Allocate(two);
        (Visible(one), Visible(two)).Should().Be(("0,1", "2"));
        var refusal = FluentActions.Invoking(() => devices.Allocate(Pod("three", "nvidia.com/gpu=1"))).Should().Throw<DeviceException>();
        refusal.WithMessage("Allocate failed due to requested number of devices unavailable for nvidia.com/gpu. Requested: 1, Available: 0, which is unexpected");

        devices.Free("uid-one");
        var three = Pod("three", "nvidia.com/gpu=1");
        devices.Allocate(three);
        Visible(three).Should().Be("0");
    }

    [Fact]
    public void WithDevices_OtherVendorsOrNone_TellNothing()
    {
        var pod = Pod("one", "amd.com/gpu=1");
        devices.Allocate(pod);
        Visible(pod).Should().BeNull();
    }

    [Fact]
    public void Allocate_InitContainer_SeesWhatTheContainersGet()
    {
        var pod = Pod("one", "nvidia.com/gpu=1");
        pod = pod with { Spec = pod.Spec! with { InitContainers = [pod.Spec.Containers![0] with { Name = "init" }] } };
        devices.Allocate(pod);
        devices.WithDevices(pod, pod.Spec!.InitContainers![0], new Dictionary<string, string>())["NVIDIA_VISIBLE_DEVICES"].Should().Be("0");
        Visible(pod).Should().Be("0");
        devices.Free("uid-one");
        devices.Allocate(Pod("all", "nvidia.com/gpu=3"));
    }

    private string? Visible(V1Pod pod) => devices.WithDevices(pod, pod.Spec!.Containers![0], new Dictionary<string, string>()).GetValueOrDefault("NVIDIA_VISIBLE_DEVICES");

    private static V1Pod Pod(string name, string request) => PodExamples.Pod(name, requests: PodExamples.Labels(request));
}
