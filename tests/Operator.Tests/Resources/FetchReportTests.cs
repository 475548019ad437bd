using Octavo.KubernetesClient.Models;
using Octavo.Operator.Dialects;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.ServingContract;

namespace Octavo.Operator.Tests.Resources;

public sealed class FetchReportTests
{
    [Theory]
    [InlineData("hf://org/name", "2", true)]
    [InlineData("hf://org/name", "1", false)]
    [InlineData("pvc://claim/path", "2", false)]
    [InlineData("file:///models/tiny", "2", false)]
    public void Build_Fetch_TellsProgressWhereItBringsSomething(string uri, string revision, bool tells)
    {
        var container = FetchContainer.Build(Inputs(uri, revision));

        var names = container.Env!.Select(e => e.Name).ToList();
        names.Contains(FetchFlags.ProgressHostVariable).Should().Be(tells);
        names.Contains(FetchFlags.ResultFileVariable).Should().Be(tells);
        names.Should().OnlyHaveUniqueItems();
        if (tells)
        {
            names.IndexOf("POD_IP").Should().BeLessThan(names.IndexOf(FetchFlags.ProgressHostVariable), "a variable is put in only after its own definition");
        }
    }

    [Fact]
    public void Build_UserSetsTheVariable_ItIsTheUsers() =>
        FetchContainer.Build(Inputs("hf://org/name", "2", new EnvVarSpec { Name = FetchFlags.ResultFileVariable, Value = "/tmp/x" })).Env!
            .Single(e => e.Name == FetchFlags.ResultFileVariable).Value.Should().Be("/tmp/x");

    private static PodTemplateInputs Inputs(string uri, string revision, params EnvVarSpec[] variables)
    {
        var service = new V1Alpha1InferenceService
        {
            Metadata = new V1ObjectMeta { Name = "chat", NamespaceProperty = "team", Uid = "u" },
            Spec = new InferenceServiceSpec { Model = new ModelSpec { Uri = uri }, Runtime = new RuntimeSpec { Env = variables } },
        };
        return new PodTemplateInputs
        {
            Service = service, Model = ModelSource.Of(service.Spec)!, Dialect = RuntimeDialects.Of(service), RuntimeImage = "i", FetchImage = "i", Revision = revision,
        };
    }
}
