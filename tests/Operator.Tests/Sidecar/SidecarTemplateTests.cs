using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Tests.Resources;
using static Octavo.Operator.Tests.Sidecar.SidecarScene;

namespace Octavo.Operator.Tests.Sidecar;

/// <summary>What is put into pods of others, by model source and dialect.</summary>
public sealed class SidecarTemplateTests
{
    [Theory]
    [InlineData("hf://org/name", "octavo-model,octavo-serving", "emptyDir")]
    [InlineData("s3://bucket/name", "octavo-model,octavo-serving", "emptyDir")]
    [InlineData("pvc://models/tiny", "octavo-model,octavo-serving", "pvc models")]
    [InlineData("image://registry/models/tiny:1", "octavo-model,octavo-serving", "image registry/models/tiny:1")]
    [InlineData("file:///models/tiny", "octavo-model,octavo-serving", null)]
    public void Build_Source_GivesContainersAndVolumes(string uri, string containers, string? volume)
    {
        var pod = Put(Spec(uri));

        string.Join(',', pod.InitContainers!.Select(c => c.Name)).Should().Be(containers);
        var model = pod.Volumes!.SingleOrDefault(v => v.Name == "octavo-model");
        (model?.PersistentVolumeClaim is { } claim ? $"pvc {claim.ClaimName}" : model?.Image is { } image ? $"image {image.Reference}" : model?.EmptyDir is not null ? "emptyDir" : null).Should().Be(volume);
        pod.Volumes!.Should().OnlyContain(v => v.Name.StartsWith("octavo-"));
        pod.InitContainers!.SelectMany(c => c.VolumeMounts!).Should().OnlyContain(m => pod.Volumes!.Any(v => v.Name == m.Name));
        pod.Containers.Should().BeNull("the pod's own containers are not ours");
    }

    [Fact]
    public void Build_SharedClaim_IsMounted()
    {
        var own = Put(Spec("hf://org/name") with { Storage = new StorageSpec { Size = new WrittenQuantity("10Gi"), AccessMode = "ReadWriteMany" } });
        var named = Put(Spec("hf://org/name") with { Storage = new StorageSpec { ClaimName = "cache" } });

        own.Volumes!.Single(v => v.Name == "octavo-model").PersistentVolumeClaim!.ClaimName.Should().Be("chat-model");
        named.Volumes!.Single(v => v.Name == "octavo-model").PersistentVolumeClaim!.ClaimName.Should().Be("cache");
    }

    [Fact]
    public void Build_FilledByAJob_OnlyLooks()
    {
        var pod = Put(Spec("hf://org/name") with { Storage = new StorageSpec { ClaimName = "cache", Fill = "Job" }, Model = new ModelSpec { Uri = "hf://org/name", SecretRef = new LocalObjectReferenceSpec { Name = "token" } } });

        pod.InitContainers![0].Args.Should().Contain("--check-only");
        pod.InitContainers[0].EnvFrom.Should().BeNull();
        pod.InitContainers[0].VolumeMounts.Should().Contain(m => m.Name == "octavo-model" && m.ReadOnly == true);
    }

    [Fact]
    public void Build_Octavo_AnswersOnLocalhostAndProbesOnAPortOfTheirOwn()
    {
        var serving = Serving(Put(Spec("hf://org/name"), port: "9100"));

        serving.Image.Should().Be("runtime:1");
        Flag(serving, "--host").Should().Be("127.0.0.1");
        Flag(serving, "--port").Should().Be("9100");
        Flag(serving, "--probe-port").Should().Be("9103");
        serving.RestartPolicy.Should().Be("Always");
        serving.StartupProbe!.HttpGet.Should().BeEquivalentTo(new V1HTTPGetAction { Path = "/ready", Port = 9103 });
        serving.LivenessProbe!.HttpGet.Should().BeEquivalentTo(new V1HTTPGetAction { Path = "/health", Port = 9103 });
        (serving.ReadinessProbe, serving.Ports, serving.Lifecycle).Should().Be((null, null, null));
    }

    [Theory]
    [InlineData("VLLM", "vllm")]
    [InlineData("SGLang", "python3")]
    public void Build_PythonRuntime_IsAskedFromWithin(string dialect, string command)
    {
        var pod = Put(Spec("hf://org/name") with { Runtime = new RuntimeSpec { Dialect = dialect, Image = "engine:1" }, Accelerator = new AcceleratorSpec { Count = 2, NodeSelector = new Dictionary<string, string> { ["gpu"] = "h100" } } });
        var serving = Serving(pod);

        serving.Command![0].Should().Be(command);
        serving.Image.Should().Be("engine:1");
        pod.InitContainers!.Single(c => c.Name == "octavo-model").Image.Should().Be("fetch:1");
        Flag(serving, "--host").Should().Be("127.0.0.1");
        serving.Args.Should().NotContain("--probe-port");
        serving.StartupProbe!.Exec!.Command.Should().HaveCount(3).And.Contain(c => c.Contains("'127.0.0.1',8000") && c.Contains("'/health'"));
        serving.Resources!.Limits!["nvidia.com/gpu"].Should().Be("2");
        serving.VolumeMounts.Should().Contain(m => m.Name == "octavo-shm" && m.MountPath == "/dev/shm");
        pod.NodeSelector.Should().Contain("gpu", "h100");
        pod.Tolerations.Should().BeNull("the list of tolerations is one field, and the user's");
    }

    [Fact]
    public void Build_AnySource_MeetsTheRestrictedStandardInAPodThatDoesNotSayIt()
    {
        foreach (var uri in new[] { "hf://org/name", "pvc://models/tiny", "file:///models/tiny" })
        {
            PodSecurityStandard.Violations(Put(Spec(uri))).Should().BeEmpty();
        }
    }

    [Fact]
    public void Build_Containers_DoNotGetThePodsToken() =>
        Put(Spec("hf://org/name")).InitContainers.Should().OnlyContain(c => c.VolumeMounts!.Any(m => m.MountPath == "/var/run/secrets/kubernetes.io/serviceaccount" && m.SubPath == "no-token" && m.ReadOnly == true));

    [Fact]
    public void Build_Fetch_AloneHasTheCredentialsAndTakesNoPort()
    {
        var pod = Put(Spec("hf://org/name") with
        {
            Model = new ModelSpec { Uri = "hf://org/name", SecretRef = new LocalObjectReferenceSpec { Name = "token" } },
            PodTemplate = new PodTemplateSpec { ImagePullSecrets = [new LocalObjectReferenceSpec { Name = "registry" }] },
        });

        var fetch = pod.InitContainers![0];
        fetch.EnvFrom!.Single().SecretRef!.Name.Should().Be("token");
        fetch.Env.Should().NotContain(e => e.Value == "$(POD_IP)", "nobody asks for its progress");
        Serving(pod).EnvFrom.Should().BeNull();
        pod.ImagePullSecrets!.Single().Name.Should().Be("registry");
    }

    private static InferenceServiceSpec Spec(string uri) => new() { Model = new ModelSpec { Uri = uri } };

    private static string? Flag(V1Container container, string flag) => container.Args!.SkipWhile(a => a != flag).Skip(1).FirstOrDefault();
}
