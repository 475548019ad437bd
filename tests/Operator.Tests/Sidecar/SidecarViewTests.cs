using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.Operator.Entities;
using Octavo.Operator.Sidecar;
using static Octavo.Operator.Tests.Sidecar.SidecarScene;

namespace Octavo.Operator.Tests.Sidecar;

/// <summary>Who has a service's model beside them, and for whom a change of the service is one.</summary>
public sealed class SidecarViewTests
{
    private static readonly SidecarRecord Record = Decide(App(), Service()).Record!;

    private readonly Indexer<InjectedDeployment> deployments = new();
    private readonly SidecarView view;

    public SidecarViewTests()
    {
        deployments.AddIndex(SidecarView.ServiceIndex, deployment => SidecarView.ServicesOf(deployment).Select(key => key.ToString()));
        view = new SidecarView(new(deployments));
        deployments.Set(Named("asks", App()));
        deployments.Set(Named("has", With(Record)));
        deployments.Set(Named("leaves", With(Record, inject: null)));
        deployments.Set(Named("moves", With(Record, inject: "other")));
        deployments.Set(Named("none", App(Annotated(null))));
    }

    [Fact]
    public void Of_AsksOrHas_AreFoundUnderBothServices()
    {
        view.Of(new NamespacedName("team", "chat")).Select(d => d.Metadata.Name).Should().BeEquivalentTo("asks", "has", "leaves", "moves");
        view.Of(new NamespacedName("team", "other")).Select(d => d.Metadata.Name).Should().BeEquivalentTo("moves");
        view.CountWith(new NamespacedName("team", "chat")).Should().Be(3);
        view.CountWith(new NamespacedName("elsewhere", "chat")).Should().Be(0);
    }

    [Fact]
    public void ChangedBy_OnlyWhatASidecarIsMadeFrom_Counts()
    {
        view.ChangedBy(Service()).Should().BeEmpty();
        view.ChangedBy(Service(Service().Spec with { Replicas = 3 })).Should().BeEmpty();
        view.ChangedBy(Service(Service().Spec with { Model = new ModelSpec { Uri = "hf://org/other" } })).Should().Equal("has");
    }

    private static InjectedDeployment Named(string name, InjectedDeployment deployment) => deployment with { Metadata = deployment.Metadata with { Name = name } };
}
