using Octavo.ControllerRuntime.Controller;
using Octavo.ControllerRuntime.Queue;
using Octavo.ControllerRuntime.Tests.Entities;
using Octavo.KubernetesClient.Models;
using Octavo.TestSupport;

namespace Octavo.ControllerRuntime.Tests.Controller;

public sealed class EventHandlersTests : IDisposable
{
    private readonly WorkQueue queue = new("test", new FakeTimeProvider());

    public void Dispose() => queue.Dispose();

    [Fact]
    public async Task EnqueueOwner_OwnedByTheKindInAnyVersion_EnqueuesTheOwner()
    {
        var handler = EventHandlers.EnqueueOwner<V1Deployment, Widget>(queue);

        handler.OnAdd(Owned("example.dev/v1beta1", "Widget", "w"));

        (await queue.GetAsync(default)).Should().Be(new NamespacedName("n", "w"));
    }

    [Theory]
    [InlineData("other.dev/v1", "Widget")]
    [InlineData("example.dev/v1", "Gadget")]
    [InlineData("v1", "Widget")]
    public void EnqueueOwner_OwnedBySomethingElse_EnqueuesNothing(string version, string kind)
    {
        EventHandlers.EnqueueOwner<V1Deployment, Widget>(queue).OnDelete(Owned(version, kind, "w"));

        queue.Count.Should().Be(0);
    }

    [Fact]
    public void EnqueueOwner_OwnerChanged_EnqueuesBoth()
    {
        EventHandlers.EnqueueOwner<V1Deployment, Widget>(queue).OnUpdate(Owned("example.dev/v1", "Widget", "a"), Owned("example.dev/v1", "Widget", "b"));

        queue.Count.Should().Be(2);
    }

    [Fact]
    public async Task EnqueueSelf_Anything_EnqueuesIt()
    {
        EventHandlers.EnqueueSelf<V1Node>(queue).OnAdd(new V1Node { Metadata = new V1ObjectMeta { Name = "x" } });

        (await queue.GetAsync(default)).ToString().Should().Be("x");
    }

    private static V1Deployment Owned(string version, string kind, string name) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = "d", NamespaceProperty = "n",
            OwnerReferences = [new V1OwnerReference { ApiVersion = version, Kind = kind, Name = name, Uid = "u" }],
        },
    };
}
