using Octavo.LocalCluster.Controllers.Namespaces;
using static Octavo.LocalCluster.Tests.Controllers.PodExamples;

namespace Octavo.LocalCluster.Tests.Controllers.Namespaces;

public sealed class NamespaceConditionsTests
{
    [Fact]
    public void Build_SomethingHeldByAFinalizer_NamesBoth()
    {
        var content = new NamespaceContent(new Dictionary<string, int> { ["configmaps."] = 2 }, new Dictionary<string, int> { ["example.dev/hold"] = 1 });
        var conditions = NamespaceConditions.Build([], content, Now).ToDictionary(c => c.Type);
        conditions["NamespaceContentRemaining"].Message.Should().Be("Some resources are remaining: configmaps. has 2 resource instances");
        conditions["NamespaceFinalizersRemaining"].Status.Should().Be("True");
        conditions["NamespaceFinalizersRemaining"].Message.Should().EndWith("example.dev/hold in 1 resource instances");
    }

    [Fact]
    public void Build_SameStatusLater_KeepsTheTransitionTime()
    {
        var empty = new NamespaceContent(new Dictionary<string, int>(), new Dictionary<string, int>());
        var first = NamespaceConditions.Build([], empty, Now);
        NamespaceConditions.Build(first, empty, Now.AddHours(1)).Should().Equal(first);
    }
}
