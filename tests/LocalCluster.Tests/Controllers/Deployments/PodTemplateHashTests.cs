using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Controllers.Deployments;
using static Octavo.LocalCluster.Tests.Controllers.PodExamples;

namespace Octavo.LocalCluster.Tests.Controllers.Deployments;

public sealed class PodTemplateHashTests
{
    [Fact]
    public void Compute_LabelsInAnotherOrder_IsTheSame() =>
        PodTemplateHash.Compute(Template("a", "x=1", "y=2"), 0).Should().Be(PodTemplateHash.Compute(Template("a", "y=2", "x=1"), 0));

    [Fact]
    public void Compute_OtherImageOrCollision_Differs()
    {
        var hash = PodTemplateHash.Compute(Template("a"), 0);
        hash.Should().MatchRegex("^[bcdfghjklmnpqrstvwxz2456789]+$");
        PodTemplateHash.Compute(Template("b"), 0).Should().NotBe(hash);
        PodTemplateHash.Compute(Template("a"), 1).Should().NotBe(hash);
    }

    [Fact]
    public void AreEqual_OnlyTheHashLabelDiffers_IsTrue() =>
        PodTemplateHash.AreEqual(Template("a", "x=1"), Template("a", "x=1", "pod-template-hash=abc")).Should().BeTrue();

    private static V1PodTemplateSpec Template(string image, params string[] labels) => new()
    {
        Metadata = new V1ObjectMeta { Labels = Labels(labels) },
        Spec = new V1PodSpec { Containers = [new V1Container { Name = "main", Image = image }] },
    };
}
