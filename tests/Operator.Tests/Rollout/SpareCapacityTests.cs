using Octavo.KubernetesClient.Models;
using Octavo.Operator.Rollout;

namespace Octavo.Operator.Tests.Rollout;

public sealed class SpareCapacityTests
{
    [Theory]
    // nodes | pods of others | wanted pod | how many | room for how many
    [InlineData("a gpu=1", "", "gpu=1", 1, 1)]
    [InlineData("a gpu=1", "a gpu=1", "gpu=1", 1, 0)]
    [InlineData("a gpu=2", "a gpu=1", "gpu=1", 2, 1)]
    [InlineData("a gpu=4", "", "gpu=2", 3, 2)]
    // two nodes with one free each have two, but none has two
    [InlineData("a gpu=2; b gpu=2", "a gpu=1; b gpu=1", "gpu=2", 1, 0)]
    [InlineData("a gpu=2; b gpu=2", "a gpu=1; b gpu=1", "gpu=1", 2, 2)]
    // nodes that take no pods
    [InlineData("a gpu=1 cordoned", "", "gpu=1", 1, 0)]
    [InlineData("a gpu=1 notready", "", "gpu=1", 1, 0)]
    [InlineData("a gpu=1 deleted", "", "gpu=1", 1, 0)]
    [InlineData("a gpu=1 cordoned; b gpu=1", "", "gpu=1", 2, 1)]
    // taints
    [InlineData("a gpu=1 taint=nvidia.com/gpu:NoSchedule", "", "gpu=1", 1, 0)]
    [InlineData("a gpu=1 taint=nvidia.com/gpu:NoSchedule", "", "gpu=1 tolerate=nvidia.com/gpu", 1, 1)]
    [InlineData("a gpu=1 taint=maintenance:NoExecute", "", "gpu=1 tolerate=nvidia.com/gpu", 1, 0)]
    [InlineData("a gpu=1 taint=slow:PreferNoSchedule", "", "gpu=1", 1, 1)]
    // selectors and affinity
    [InlineData("a gpu=1 label=zone=x", "", "gpu=1 selector=zone=y", 1, 0)]
    [InlineData("a gpu=1 label=zone=x; b gpu=1 label=zone=y", "", "gpu=1 selector=zone=y", 2, 1)]
    [InlineData("a gpu=1 label=zone=x; b gpu=1 label=zone=y", "", "gpu=1 zone=x", 2, 1)]
    // other kinds of accelerators
    [InlineData("a gpu=8", "", "amd=1", 1, 0)]
    [InlineData("a mig=7", "a mig=5", "mig=1", 3, 2)]
    [InlineData("a mig=7", "", "gpu=1", 1, 0)]
    // what else a replica needs
    [InlineData("a gpu=4 cpu=8", "a cpu=6", "gpu=1 cpu=4", 1, 0)]
    [InlineData("a gpu=4 cpu=8", "a cpu=3500m", "gpu=1 cpu=4", 2, 1)]
    [InlineData("a gpu=4 pods=2", "a cpu=1; a cpu=1", "gpu=1", 1, 0)]
    // pods that end hold what they have until they are gone; those that ended hold nothing
    [InlineData("a gpu=1", "a gpu=1 leaving", "gpu=1", 1, 0)]
    [InlineData("a gpu=1", "a gpu=1 done", "gpu=1", 1, 1)]
    // pods of others that wait may be served first, on any node that they fit on
    [InlineData("a gpu=1", "- gpu=1", "gpu=1", 1, 0)]
    [InlineData("a gpu=1; b gpu=1", "- gpu=1", "gpu=1", 1, 0)]
    [InlineData("a gpu=2; b gpu=2", "- gpu=1", "gpu=1", 2, 2)]
    [InlineData("a gpu=1", "- gpu=2", "gpu=1", 1, 1)]
    [InlineData("a gpu=1", "- cpu=1", "gpu=1", 1, 1)]
    [InlineData("a gpu=1 label=zone=x; b gpu=1 label=zone=y", "- gpu=1 selector=zone=x", "gpu=1", 2, 1)]
    [InlineData("a gpu=1", "- gpu=1 gated", "gpu=1", 1, 1)]
    [InlineData("a gpu=1", "- gpu=1 leaving", "gpu=1", 1, 1)]
    [InlineData("a gpu=3", "- gpu=2; - gpu=3", "gpu=1", 1, 0)]
    // one for which others are being evicted on a node gets it, though it does not fit yet
    [InlineData("a gpu=2", "a gpu=1 leaving; - gpu=2 nominated=a", "gpu=1", 1, 0)]
    [InlineData("", "", "gpu=1", 1, 0)]
    [InlineData("a cpu=4", "", "cpu=1", 4, 4)]
    public void Prove_NodesAndPods_CountsWhatIsCertain(string nodes, string others, string pod, int wanted, int slots)
    {
        var proof = SpareCapacity.Prove(new CapacityQuestion { Cluster = Scene.Cluster(nodes, others), Pod = Scene.Pod(pod), Wanted = wanted, Accelerator = Scene.Gpu });

        proof.Slots.Should().Be(slots);
        proof.IsProven.Should().Be(slots >= wanted);
    }

    [Theory]
    [InlineData("alone", "free room cannot be proven for pods with a required podAntiAffinity")]
    [InlineData("spread", "free room cannot be proven for pods with a required topology spread")]
    public void Prove_RulesThatAreNotCounted_ProvesNothing(string rule, string why)
    {
        var proof = SpareCapacity.Prove(new CapacityQuestion { Cluster = Scene.Cluster("a gpu=8"), Pod = Scene.Pod("gpu=1 " + rule), Wanted = 1 });

        proof.IsProven.Should().BeFalse();
        proof.ToString().Should().Be(why);
    }

    [Fact]
    public void Prove_NodesAreNotShown_SaysWhy()
    {
        var proof = SpareCapacity.Prove(new CapacityQuestion { Cluster = ClusterCapacity.Unknown("nodes is forbidden"), Pod = Scene.Pod("gpu=1"), Wanted = 1 });

        proof.IsProven.Should().BeFalse();
        proof.ToString().Should().Be("nodes is forbidden");
    }

    [Fact]
    public void Prove_VolumeOfOneNode_CountsThatNodeOnly()
    {
        var question = new CapacityQuestion { Cluster = Scene.Cluster("a gpu=1; b gpu=4"), Pod = Scene.Pod("gpu=1"), Wanted = 2, OnlyNodes = new HashSet<string> { "a" } };

        SpareCapacity.Prove(question).Slots.Should().Be(1);
    }

    [Theory]
    [InlineData("a gpu=2; b gpu=2; c gpu=1 taint=x:NoSchedule", "a gpu=2; b gpu=2", "gpu=2", "need 2 nvidia.com/gpu, free 0 on 2 matching nodes")]
    [InlineData("a gpu=1", "", "gpu=1", "need 1 nvidia.com/gpu, free 1 on 1 matching node")]
    [InlineData("a gpu=2; b gpu=2", "a gpu=1; b gpu=1", "gpu=2", "need 2 nvidia.com/gpu, free 2 on 2 matching nodes, but on no node together with what else the replica needs")]
    [InlineData("a gpu=1", "- gpu=1; - gpu=1", "gpu=1", "need 1 nvidia.com/gpu, free 1 on 1 matching node; 2 pods of others wait for it")]
    [InlineData("a cpu=4", "", "gpu=1", "need 1 nvidia.com/gpu, free 0 on 0 matching nodes")]
    public void ToString_Proof_SaysWhatIsNeededAndFree(string nodes, string others, string pod, string sentence) =>
        SpareCapacity.Prove(new CapacityQuestion { Cluster = Scene.Cluster(nodes, others), Pod = Scene.Pod(pod), Wanted = 1, Accelerator = Scene.Gpu }).ToString().Should().Be(sentence);

    [Fact]
    public void AdmittedPod_ClusterAddsATolerationAndASelector_IsExpectedOfTheNextPodToo()
    {
        var before = new V1PodTemplateSpec { Spec = new V1PodSpec { NodeSelector = new Dictionary<string, string> { ["zone"] = "x" } } };
        var live = new V1Pod
        {
            Spec = new V1PodSpec
            {
                NodeSelector = new Dictionary<string, string> { ["zone"] = "x", ["pool"] = "gpu" },
                Tolerations = [new V1Toleration { Key = Scene.Gpu, Operator = "Exists" }],
                Overhead = new Dictionary<string, string> { ["cpu"] = "250m" },
            },
        };
        var wanted = new V1PodTemplateSpec { Spec = new V1PodSpec { NodeSelector = new Dictionary<string, string> { ["zone"] = "y" } } };

        var pod = AdmittedPod.Of(wanted, live, before);

        pod.Spec!.NodeSelector.Should().BeEquivalentTo(new Dictionary<string, string> { ["zone"] = "y", ["pool"] = "gpu" });
        pod.Spec.Tolerations.Should().ContainSingle(t => t.Key == Scene.Gpu);
        pod.Spec.Overhead.Should().ContainKey("cpu");
    }
}
