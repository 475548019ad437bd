using System.Text.Json;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.Operator.Storage;
using Octavo.Operator.Tests.Resources;
using Octavo.ServingContract;
using static Octavo.Operator.Tests.Storage.FillScene;

namespace Octavo.Operator.Tests.Storage;

public sealed class FillJobTests
{
    private static InferenceServiceSpec Full => Spec(deadline: 600) with
    {
        Model = new ModelSpec { Uri = ModelUri, Sha256 = new string('a', 64), SecretRef = new LocalObjectReferenceSpec { Name = "hub" } },
        Runtime = new RuntimeSpec { Env = [new EnvVarSpec { Name = "HF_ENDPOINT", Value = "http://mirror" }] },
        Resources = new ResourceRequirementsSpec
        {
            Requests = new Dictionary<string, WrittenQuantity> { ["cpu"] = new("8"), ["memory"] = new("200Gi"), ["ephemeral-storage"] = new("1Gi") },
            Limits = new Dictionary<string, WrittenQuantity> { ["memory"] = new("300Gi") },
        },
        Accelerator = new AcceleratorSpec { NodeSelector = new Dictionary<string, string> { ["pool"] = "gpu" } },
        PodTemplate = new PodTemplateSpec
        {
            ServiceAccountName = "reader",
            Affinity = JsonSerializer.SerializeToElement(new { nodeAffinity = new { a = 1 }, podAntiAffinity = new { b = 2 } }),
            Metadata = new PodTemplateMetadataSpec { Labels = new Dictionary<string, string> { ["team"] = "a" }, Annotations = new Dictionary<string, string> { ["sidecar.istio.io/inject"] = "false" } },
        },
    };

    [Fact]
    public void Build_FullSpec_FetchesAsAReplicaWouldAndCostsLittle()
    {
        var job = Job(sharing: Service(spec: Full));
        var pod = job.Spec!.Template!.Spec!;
        var container = pod.Containers!.Single();

        container.Args.Should().Equal(
            "fetch", "--uri", ModelUri, "--cache-dir", ModelCachePath.MountPath, "--sha256", new string('a', 64), "--deadline", "600");
        container.EnvFrom!.Single().SecretRef!.Name.Should().Be("hub");
        container.Env!.Select(e => e.Name).Should().Contain(["HF_ENDPOINT", FetchFlags.ProgressHostVariable, FetchFlags.ResultFileVariable, "POD_IP"]);
        container.VolumeMounts!.Single(m => m.Name == "model").ReadOnly.Should().BeNull();
        container.Resources.Should().BeEquivalentTo(new V1ResourceRequirements
        {
            Requests = new Dictionary<string, string> { ["cpu"] = "1", ["memory"] = "1Gi" }, Limits = new Dictionary<string, string> { ["memory"] = "300Gi" },
        });
        PodSecurityStandard.Violations(pod).Should().BeEmpty();
        (pod.AutomountServiceAccountToken, pod.ServiceAccountName, pod.RestartPolicy).Should().Be((false, "reader", "Never"));
        pod.NodeSelector.Should().Contain("pool", "gpu");
        pod.Tolerations.Should().Contain(t => t.Key == "nvidia.com/gpu");
        pod.Affinity!.Value.GetRawText().Should().Be("""{"nodeAffinity":{"a":1}}""");
        (job.Spec.ActiveDeadlineSeconds, job.Spec.BackoffLimit, job.Spec.TtlSecondsAfterFinished).Should().Be((900L, 6, 86400));
        job.Spec.Template.Metadata!.Labels.Should().Contain("team", "a").And.NotContainKey(ServingLabels.InferenceService, "no Service leads to it, and it is no replica");
        job.Spec.Template.Metadata.Annotations.Should().Contain("sidecar.istio.io/inject", "false");
        job.Metadata.Name!.Length.Should().BeLessThan(58, "pods carry it, with a suffix, as a label");
    }

    [Fact]
    public void Build_FailurePolicy_EndsWhatOnlyAPersonCanMend()
    {
        var rules = Job().Spec!.PodFailurePolicy!.Rules!;

        rules[0].Should().Match<V1PodFailurePolicyRule>(r => r.Action == "Ignore" && r.OnPodConditions![0].Type == "DisruptionTarget");
        rules[1].OnExitCodes!.Values.Should().Equal(2, 10, 11, 12, 13, 14, 15, 18).And.BeInAscendingOrder();
        rules[1].OnExitCodes!.ContainerName.Should().Be(ServingPodTemplate.ModelContainer);
    }

    [Fact]
    public void Build_SeveralServices_AreOwnersSideBySideAndTheMostPatientDecides()
    {
        var job = Job(sharing: [Service("b", Spec(deadline: 600)), Service("a", Spec(deadline: 60))]);

        job.Metadata.OwnerReferences!.Select(o => (o.Name, o.Uid, o.Controller, o.BlockOwnerDeletion)).Should().Equal(("a", "uid-a", null, null), ("b", "uid-b", null, null));
        job.Spec!.ActiveDeadlineSeconds.Should().Be(900);
        Job(sharing: [Service("b", Spec(deadline: 600)), Service("a")]).Spec!.ActiveDeadlineSeconds.Should().BeNull();
    }

    [Fact]
    public void Of_SameModelOnTheSameClaim_IsOneFetchWhateverItCosts()
    {
        var key = FillKey.Of(Service())!;

        FillKey.Of(Service("other", Spec(deadline: 60) with { Replicas = 5, Resources = Full.Resources, Accelerator = Full.Accelerator })).Should().Be(key);
        FillKey.Of(Service(spec: Spec() with { Storage = new StorageSpec { ClaimName = Claim } })).Should().BeNull();
        FillKey.Of(Service(spec: Spec("pvc://claim/path"))).Should().BeNull("there is nothing to fetch");
        InferenceServiceSpec[] others =
        [
            Spec("hf://org/name@v2"), Spec(claim: "other"), Spec() with { Model = new ModelSpec { Uri = ModelUri, Sha256 = new string('a', 64) } },
            Spec() with { Model = new ModelSpec { Uri = ModelUri, SecretRef = new LocalObjectReferenceSpec { Name = "s" } } }, Spec() with { Runtime = Full.Runtime },
            Spec() with { PodTemplate = new PodTemplateSpec { ServiceAccountName = "s" } },
        ];
        others.Select(s => FillKey.Of(Service(spec: s))!.Hash).Append(key.Hash).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void Build_PodOfAServiceThatAJobFills_OnlyLooksAndHasNoCredentials()
    {
        var pod = TemplateOf.Service(Service(spec: Full with { Storage = Full.Storage! with { DeadlineSeconds = 60 }, Runtime = Full.Runtime! with { Image = "image" } })).Spec!;
        var look = pod.InitContainers!.Single();

        look.Args.Should().Equal("fetch", "--uri", ModelUri, "--cache-dir", ModelCachePath.MountPath, "--sha256", new string('a', 64), "--check-only");
        look.EnvFrom.Should().BeNull();
        look.Env!.Select(e => e.Name).Should().Contain(FetchFlags.ResultFileVariable).And.NotContain(FetchFlags.ProgressHostVariable);
        pod.InitContainers!.Concat(pod.Containers!).Should().OnlyContain(c => c.VolumeMounts!.Single(m => m.Name == "model").ReadOnly == true);
        pod.Volumes!.Single(v => v.Name == "model").PersistentVolumeClaim!.ClaimName.Should().Be(Claim);
    }
}
