using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Tests.Entities;
using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Tests.Cache;

public sealed class IndexerTests
{
    private readonly Indexer<Widget> indexer = new();

    [Fact]
    public void Set_KeyOfAnIndexChanges_MovesTheObject()
    {
        indexer.AddIndex("size", w => [w.Spec!.Size.ToString()]);
        indexer.Set(Sized("a", 1));

        indexer.Set(Sized("a", 2));

        indexer.ByIndex("size", "1").Should().BeEmpty();
        indexer.ByIndex("size", "2").Should().ContainSingle();
    }

    [Fact]
    public void AddIndex_ObjectsAreThere_CoversThem()
    {
        indexer.Set(Sized("a", 1));

        indexer.AddIndex("size", w => [w.Spec!.Size.ToString()]);

        indexer.ByIndex("size", "1").Should().ContainSingle();
    }

    [Fact]
    public void Remove_Object_LeavesNoTrace()
    {
        indexer.AddIndex("size", w => [w.Spec!.Size.ToString()]);
        indexer.Set(Sized("a", 1));

        indexer.Remove(new NamespacedName("n", "a")).Should().NotBeNull();

        indexer.ByIndex("size", "1").Should().BeEmpty();
        indexer.ByIndex(Indexer<Widget>.NamespaceIndex, "n").Should().BeEmpty();
        indexer.Remove(new NamespacedName("n", "a")).Should().BeNull();
    }

    [Fact]
    public void Lister_OfANamespace_ListsOnlyThat()
    {
        indexer.Set(Widget.Named("a", "n"));
        indexer.Set(Widget.Named("a", "m"));
        var lister = new Lister<Widget>(indexer);

        lister.List("m").Single().Metadata.NamespaceProperty.Should().Be("m");
        lister.List().Should().HaveCount(2);
        lister.List("none").Should().BeEmpty();
    }

    private static Widget Sized(string name, int size) =>
        new() { Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "n" }, Spec = new WidgetSpec { Size = size } };
}
