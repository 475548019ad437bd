using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ControllerRuntime.Events;
using Octavo.ControllerRuntime.Tests.Entities;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.TestSupport;
using Octavo.TestSupport.Kubernetes;

namespace Octavo.ControllerRuntime.Tests.Events;

public sealed class EventPublisherTests
{
    private readonly FakeTimeProvider clock = new();
    private readonly FakeKubernetesClient api = new();
    private readonly EventPublisher publisher;
    private readonly Widget widget = Widget.Named("w") with { Metadata = new V1ObjectMeta { Name = "w", NamespaceProperty = "n", Uid = "u" } };

    public EventPublisherTests() => publisher = new EventPublisher(api, "octavo-operator", clock, NullLogger<EventPublisher>.Instance);

    [Fact]
    public async Task PublishAsync_First_WritesTheEvent()
    {
        await PublishAsync();

        var written = (await EventsAsync()).Single();
        written.InvolvedObject.Should().BeEquivalentTo(new V1ObjectReference { ApiVersion = "example.dev/v1", Kind = "Widget", Name = "w", NamespaceProperty = "n", Uid = "u" });
        written.Should().BeEquivalentTo(
            new { Type = "Normal", Reason = "Scaled", Message = "from 1 to 2", Count = 1, FirstTimestamp = clock.GetUtcNow(), LastTimestamp = clock.GetUtcNow() });
        written.Source!.Component.Should().Be("octavo-operator");
        written.Metadata.Name.Should().StartWith("w.");
    }

    [Fact]
    public async Task PublishAsync_TheSameAgain_CountsUp()
    {
        var first = clock.GetUtcNow();
        await PublishAsync();
        clock.Advance(TimeSpan.FromMinutes(1));
        await PublishAsync();
        clock.Advance(TimeSpan.FromMinutes(1));
        await PublishAsync();

        var written = (await EventsAsync()).Single();
        written.Count.Should().Be(3);
        written.FirstTimestamp.Should().Be(first);
        written.LastTimestamp.Should().Be(clock.GetUtcNow());
    }

    [Fact]
    public async Task PublishAsync_AtTheSameTime_LosesNoCount()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => PublishAsync())));

        (await EventsAsync()).Single().Count.Should().Be(8);
    }

    [Fact]
    public async Task PublishAsync_AnotherMessage_IsAnotherEvent()
    {
        await PublishAsync();
        await PublishAsync("from 2 to 3");

        (await EventsAsync()).Should().HaveCount(2);
    }

    [Fact]
    public async Task PublishAsync_EventExpiredOnTheServer_IsWrittenAnew()
    {
        await PublishAsync();
        await api.DeleteAsync<Corev1Event>((await EventsAsync()).Single().Metadata.Name!, "n", null, default);

        await PublishAsync();

        (await EventsAsync()).Single().Count.Should().Be(1);
    }

    [Fact]
    public async Task PublishAsync_TooManyAboutOneObject_AreDropped()
    {
        for (var i = 0; i < 40; i++)
        {
            await PublishAsync($"message {i}");
        }

        (await EventsAsync()).Should().HaveCount(25);
        await publisher.PublishAsync(Widget.Named("other"), "Normal", "Scaled", "m", default);
        (await EventsAsync()).Should().HaveCount(26, "the limit is for each object");
        clock.Advance(TimeSpan.FromMinutes(5));
        await PublishAsync("later");
        (await EventsAsync()).Should().HaveCount(27);
    }

    [Fact]
    public async Task PublishAsync_ServerRefuses_DoesNotFailTheCaller()
    {
        api.OnRequest = (_, _) => throw new KubernetesException(HttpStatusCode.Forbidden, null, "the namespace is being terminated");

        await PublishAsync();

        api.OnRequest = null;
        (await EventsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task PublishAsync_ClusterScopedObjectAndLongMessage_FitTheApi()
    {
        var node = new V1Node { ApiVersion = null, Kind = null, Metadata = new V1ObjectMeta { Name = new string('x', 253), Uid = "u" } };

        await publisher.PublishAsync(node, "Warning", "Gone", new string('m', 5000), default);

        var written = (await api.ListAsync<Corev1Event>("default", null, default)).Items.Single();
        written.InvolvedObject!.Kind.Should().Be("Node");
        written.Message!.Length.Should().Be(1024);
        written.Metadata.Name!.Length.Should().BeLessThanOrEqualTo(253);
    }

    private Task PublishAsync(string message = "from 1 to 2") => publisher.PublishAsync(widget, "Normal", "Scaled", message, default);

    private async Task<IReadOnlyList<Corev1Event>> EventsAsync() => (await api.ListAsync<Corev1Event>("n", null, default)).Items;
}
