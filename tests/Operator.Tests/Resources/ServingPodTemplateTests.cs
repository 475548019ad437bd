using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Tests.Resources;

public sealed class ServingPodTemplateTests
{
    [Fact]
    public void Build_Minimal_ListensOnAllInterfacesAndEndsAfterItIsOutOfTheAddressLists()
    {
        var pod = Build(Service());

        pod.Containers.Should().ContainSingle().Which.Args.Should().Equal(
            "--model", "/models/tiny", "--served-model-name", "chat", "--host", "0.0.0.0", "--port", "8000", "--shutdown-timeout", "30");
        pod.InitContainers.Should().ContainSingle().Which.Args.Should().Equal("fetch", "--uri", "file:///models/tiny");
        pod.Containers![0].Env![0].ValueFrom!.FieldRef!.FieldPath.Should().Be("status.podIP");
        pod.Containers[0].Lifecycle!.PreStop!.Sleep!.Seconds.Should().Be(5);
        pod.TerminationGracePeriodSeconds.Should().Be(5 + 30 + 15);
    }

    [Fact]
    public void Build_EngineSettings_BecomeVllmFlags()
    {
        var engine = new EngineSpec
        {
            MaxModelLen = 1024,
            BlockSize = 16,
            MaxNumSeqs = 8,
            MaxNumBatchedTokens = 512,
            MaxNumQueuedRequests = 100,
            DType = "bfloat16",
            KVCacheDType = "fp8",
            EnablePrefixCaching = false,
            KVCacheMemory = new WrittenQuantity("1.5Gi"),
            CpuThreads = 2,
        };
        var service = Service(spec => spec with
        {
            Model = spec.Model with { Name = "m", Aliases = ["m", "n"] },
            Runtime = new RuntimeSpec { Engine = engine, Args = ["--seed", "7"] },
            Rollout = new RolloutSpec { DrainSeconds = 120 },
        });

        var pod = Build(service);

        string.Join(' ', pod.Containers![0].Args!).Should().Be(
            "--model /models/tiny --served-model-name m n --host 0.0.0.0 --port 8000 --shutdown-timeout 120 --max-model-len 1024 --block-size 16 --max-num-seqs 8 "
            + "--max-num-batched-tokens 512 --max-num-queued-reqs 100 --dtype bfloat16 --kv-cache-dtype fp8 --no-enable-prefix-caching --kv-cache-memory-bytes 1610612736 --cpu-threads 2 --seed 7");
        pod.TerminationGracePeriodSeconds.Should().Be(5 + 120 + 15);
    }

    [Fact]
    public void Build_AnyPod_MeetsTheRestrictedStandard()
    {
        var pod = Build(Service());

        pod.SecurityContext!.RunAsNonRoot.Should().BeTrue();
        pod.SecurityContext.FsGroupChangePolicy.Should().Be("OnRootMismatch", "a large cache is not to be changed file by file at every start");
        pod.SecurityContext.SeccompProfile!.Type.Should().Be("RuntimeDefault");
        pod.AutomountServiceAccountToken.Should().BeFalse();
        pod.Containers!.Concat(pod.InitContainers!).Should().OnlyContain(c =>
            c.SecurityContext!.AllowPrivilegeEscalation == false
            && c.SecurityContext.ReadOnlyRootFilesystem == true
            && c.SecurityContext.Capabilities!.Drop!.Single() == "ALL"
            && c.TerminationMessagePolicy == "FallbackToLogsOnError");
        pod.Volumes.Should().ContainSingle().Which.EmptyDir.Should().NotBeNull();
    }

    [Fact]
    public void Build_Probes_AskReadyAndHealth()
    {
        var container = Build(Service()).Containers![0];

        container.StartupProbe!.HttpGet!.Path.Should().Be("/ready");
        container.ReadinessProbe!.HttpGet!.Path.Should().Be("/ready");
        container.LivenessProbe!.HttpGet!.Path.Should().Be("/health");
        (container.StartupProbe.PeriodSeconds * container.StartupProbe.FailureThreshold).Should().Be(3 * 3600, "weights may be large");
    }

    [Fact]
    public void Build_Accelerator_IsRequestedByTheRuntimeAlone()
    {
        var pod = Build(Service(spec => spec with
        {
            Accelerator = new AcceleratorSpec { Resource = "amd.com/gpu", Count = 2, NodeSelector = new Dictionary<string, string> { ["a"] = "b" }, RuntimeClassName = "r" },
            Resources = new ResourceRequirementsSpec { Requests = new Dictionary<string, WrittenQuantity> { ["cpu"] = new("1") } },
        }));

        pod.Containers![0].Resources!.Requests.Should().BeEquivalentTo(new Dictionary<string, string> { ["amd.com/gpu"] = "2", ["cpu"] = "1" });
        pod.Containers[0].Resources!.Limits.Should().BeEquivalentTo(new Dictionary<string, string> { ["amd.com/gpu"] = "2" });
        pod.InitContainers![0].Resources!.Requests.Should().BeEquivalentTo(new Dictionary<string, string> { ["cpu"] = "1" });
        (pod.NodeSelector!["a"], pod.RuntimeClassName).Should().Be(("b", "r"));
    }

    [Fact]
    public void Build_UsersLabels_DoNotReplaceOurs()
    {
        var labels = new Dictionary<string, string> { ["serving.octavo.dev/inference-service"] = "other", ["team"] = "a" };
        var service = Service(spec => spec with { PodTemplate = new PodTemplateSpec { Metadata = new PodTemplateMetadataSpec { Labels = labels } } });

        var template = TemplateOf.Service(service);

        template.Metadata!.Labels.Should().Contain("serving.octavo.dev/inference-service", "chat").And.Contain("team", "a");
        template.Metadata.Labels.Should().Contain(ServingObjectMeta.SelectorLabels(service), "the selector must find the pods");
    }

    [Fact]
    public void Build_Hash_ChangesWithTheTemplateOnly()
    {
        var service = Service();

        Hash(service).Should().Be(Hash(Service(spec => spec with { Replicas = 5 })));
        Hash(service).Should().NotBe(Hash(Service(spec => spec with { Rollout = new RolloutSpec { DrainSeconds = 1 } })));

        static string Hash(V1Alpha1InferenceService s) => TemplateOf.Service(s).Metadata!.Annotations![ServingObjectMeta.TemplateHash];
    }

    /// <summary>
    /// When this fails, what this code builds has changed: keep the old form for records of the old revision that are lost, raise
    /// <see cref="ServingPodTemplate.Revision"/>, and add the new hash beside the old ones.
    /// </summary>
    [Theory]
    [InlineData("1", "d82b7ca68acdab1984fe")]
    [InlineData("2", "a4dcb9df6c635c2936dc")]
    public void Build_SameSpecAsInEarlierReleases_SameTemplate(string revision, string hash)
    {
        ServingPodTemplate.Revisions.Should().Contain(revision);
        TemplateOf.Service(Service(), revision: revision).Metadata!.Annotations![ServingObjectMeta.TemplateHash].Should().Be(hash);
    }

    [Fact]
    public void Build_FirstRevision_IsTheFormOfRelease01()
    {
        var template = TemplateOf.Service(Service(spec => spec with { Accelerator = new AcceleratorSpec() }), revision: ServingPodTemplate.FirstRevision);

        string.Join(' ', template.Spec!.Containers![0].Args!).Should().Contain("--host $(POD_IP)");
        template.Spec.Containers[0].Lifecycle.Should().BeNull();
        template.Spec.Tolerations.Should().BeNull();
        template.Spec.TerminationGracePeriodSeconds.Should().Be(45);
        template.Metadata!.Labels.Should().NotContainKey("llm-d.ai/engine-type");
    }

    [Theory]
    [InlineData("nvidia.com/gpu", "nvidia.com/gpu")]
    [InlineData("amd.com/gpu", "amd.com/gpu")]
    [InlineData("nvidia.com/mig-1g.10gb", "nvidia.com/mig-1g.10gb nvidia.com/gpu")]
    public void Build_Accelerator_ToleratesTheTaintOfItsNodes(string resource, string taints)
    {
        var pod = Build(Service(spec => spec with { Accelerator = new AcceleratorSpec { Resource = resource } }));

        string.Join(' ', pod.Tolerations!.Select(t => t.Key)).Should().Be(taints);
        pod.Tolerations.Should().OnlyContain(t => t.Operator == "Exists" && t.Effect == "NoSchedule");
        pod.Containers![0].Resources!.Limits.Should().Contain(resource, "1");
    }

    [Fact]
    public void Build_AcceleratorWhoseTaintTheUserTolerates_AddsNone()
    {
        TolerationSpec[] wished = [new() { Key = "nvidia.com/gpu", Operator = "Equal", Value = "a" }];

        Build(Service(spec => spec with { Accelerator = new AcceleratorSpec { Tolerations = wished } })).Tolerations.Should().ContainSingle();
    }

    [Fact]
    public void Build_SharedMemory_IsMountedWithItsSize()
    {
        var pod = Build(Service(spec => spec with { Runtime = new RuntimeSpec { SharedMemory = new WrittenQuantity("2Gi") } }));

        pod.Volumes!.Single(v => v.Name == "shm").EmptyDir.Should().BeEquivalentTo(new V1EmptyDirVolumeSource { Medium = "Memory", SizeLimit = "2Gi" });
        pod.Containers![0].VolumeMounts.Should().Contain(m => m.MountPath == "/dev/shm");
        pod.InitContainers![0].VolumeMounts.Should().NotContain(m => m.MountPath == "/dev/shm");
    }

    private static V1PodSpec Build(V1Alpha1InferenceService service) => TemplateOf.Service(service).Spec!;

    private static V1Alpha1InferenceService Service(Func<InferenceServiceSpec, InferenceServiceSpec>? change = null)
    {
        var spec = new InferenceServiceSpec { Model = new ModelSpec { Uri = "file:///models/tiny" } };
        return new V1Alpha1InferenceService
        {
            Metadata = new V1ObjectMeta { Name = "chat", NamespaceProperty = "team", Uid = "u" },
            Spec = change?.Invoke(spec) ?? spec,
        };
    }
}
