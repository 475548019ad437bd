using Octavo.KubernetesClient.Models;
using Octavo.Operator.Resources;
using Octavo.Operator.Templates;

namespace Octavo.Operator.Tests.Templates;

public sealed class TemplateChangeTests
{
    [Fact]
    public void Between_Differences_AreNamedByPath()
    {
        var from = Template("1", new V1Container { Name = "runtime", Image = "a", Args = ["x"] }, new V1Container { Name = "old" });
        var to = Template("2", new V1Container { Name = "runtime", Image = "b", Args = ["x", "y"] });

        TemplateChange.Between(from, to).Select(c => c.ToString()).Should().SatisfyRespectively(
            image => image.Should().Be("spec.containers[runtime].image: a -> b"),
            args => args.Should().StartWith("spec.containers[runtime].args: ["),
            old => old.Should().StartWith("spec.containers[old]: {").And.EndWith(" -> absent"));
    }

    [Fact]
    public void Between_OnlyTheHashDiffers_NoChange() => TemplateChange.Between(Template("1"), Template("2")).Should().BeEmpty();

    private static V1PodTemplateSpec Template(string hash, params V1Container[] containers) => new()
    {
        Metadata = new V1ObjectMeta { Annotations = new Dictionary<string, string> { [ServingObjectMeta.TemplateHash] = hash } },
        Spec = new V1PodSpec { Containers = containers },
    };
}
