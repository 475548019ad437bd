using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Tests.Resources;

public sealed class ServingPodTemplateTests
{
    [Fact]
    public void Build_Minimal_RunsTheRuntimeOnThePodsAddress()
    {
        var pod = Build(Service());

        pod.Containers.Should().ContainSingle().Which.Args.Should().Equal(
            "--model", "/models/tiny", "--served-model-name", "chat", "--host", "$(POD_IP)", "--port", "8000", "--shutdown-timeout", "30");
        pod.InitContainers.Should().ContainSingle().Which.Args.Should().Equal("fetch", "--uri", "file:///models/tiny");
        pod.Containers![0].Env![0].ValueFrom!.FieldRef!.FieldPath.Should().Be("status.podIP");
        pod.TerminationGracePeriodSeconds.Should().Be(45);
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
            "--model /models/tiny --served-model-name m n --host $(POD_IP) --port 8000 --shutdown-timeout 120 --max-model-len 1024 --block-size 16 --max-num-seqs 8 "
            + "--max-num-batched-tokens 512 --max-num-queued-reqs 100 --dtype bfloat16 --kv-cache-dtype fp8 --no-enable-prefix-caching --kv-cache-memory-bytes 1610612736 --cpu-threads 2 --seed 7");
        pod.TerminationGracePeriodSeconds.Should().Be(135);
    }

    [Fact]
    public void Build_AnyPod_MeetsTheRestrictedStandard()
    {
        var pod = Build(Service());

        pod.SecurityContext!.RunAsNonRoot.Should().BeTrue();
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
    /// An operator upgrade must roll no replica. When this fails, the templates of running services would change: keep the old form for Deployments of the
    /// old revision, raise <see cref="ServingPodTemplate.Revision"/>, and add the new hash beside the old.
    /// </summary>
    [Fact]
    public void Build_SameSpecAsInEarlierReleases_SameTemplate() =>
        (ServingPodTemplate.Revision, TemplateOf.Service(Service()).Metadata!.Annotations![ServingObjectMeta.TemplateHash])
            .Should().Be(("1", "d82b7ca68acdab1984fe"));

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
