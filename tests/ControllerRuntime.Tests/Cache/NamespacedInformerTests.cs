using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Tests.Entities;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.TestSupport;
using Octavo.TestSupport.Kubernetes;

namespace Octavo.ControllerRuntime.Tests.Cache;

/// <summary>One cache over some namespaces, each with a list and watch of its own.</summary>
public sealed class NamespacedInformerTests : IAsyncLifetime
{
    private readonly FakeTimeProvider clock = new();
    private readonly FakeKubernetesClient api = new();
    private readonly ConcurrentQueue<string> told = new();
    private readonly CancellationTokenSource stop = new();
    private readonly SharedInformer<Widget> informer;
    private int made;
    private Task running = Task.CompletedTask;

    public NamespacedInformerTests()
    {
        informer = new SharedInformer<Widget>(api, new InformerOptions { Namespaces = NamespaceScope.Of("b", "a") }, clock, NullLogger.Instance, new Random(1));
        informer.AddEventHandler(added => told.Enqueue($"+{NamespacedName.Of(added)}"), onDelete: last => told.Enqueue($"-{NamespacedName.Of(last)}"));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        stop.Dispose();
    }

    [Fact]
    public async Task Run_TwoNamespaces_HoldsTheirObjectsAndNoOthers()
    {
        await CreateAsync("a", "b", "c");
        await StartAsync();
        await CreateAsync("a", "b", "c");

        await Eventually.HoldsAsync(() => told.Count == 4, "both watches tell");
        told.Should().OnlyContain(t => t.StartsWith("+a/") || t.StartsWith("+b/"));
        informer.Lister.List().Should().HaveCount(4);
        informer.Lister.List("a").Should().HaveCount(2);
        api.Requests.Should().OnlyContain(r => r.Verb == "create" || r.Namespace == "a" || r.Namespace == "b", "no right for all namespaces is needed");
    }

    [Fact]
    public async Task HasSynced_OneNamespaceIsNotListed_IsFalse()
    {
        await CreateAsync("a", "b");
        api.OnRequest = (request, _) => request is { Verb: "list", Namespace: "b" } ? throw new KubernetesException(HttpStatusCode.Forbidden, null, "no right in b") : Task.CompletedTask;
        running = informer.RunAsync(stop.Token);

        await Eventually.HoldsAsync(() => told.Count == 1 && informer.Trouble is not null, "the other is");
        informer.HasSynced.Should().BeFalse();
        informer.Trouble.Should().Be(new CacheTrouble("no right in b", IsRefusal: true));
        api.OnRequest = null;
        await Eventually.HoldsAsync(() => informer.HasSynced && informer.Trouble is null, clock, TimeSpan.FromSeconds(1), "it recovers");
    }

    [Fact]
    public async Task Relist_OfOneNamespace_LeavesTheOthersAlone()
    {
        await CreateAsync("a", "b");
        await StartAsync();
        told.Clear();
        using var hold = new SemaphoreSlim(0);
        api.OnRequest = (request, token) => request.Verb == "watch" ? hold.WaitAsync(token) : Task.CompletedTask;
        clock.Advance(TimeSpan.FromSeconds(2));
        api.EndWatches();
        await Eventually.HoldsAsync(() => api.Count("watch") == 4, "both are asked for again");
        await api.DeleteAsync<Widget>("w1", "b", null, default);
        api.ForgetHistory();
        hold.Release(10);

        await Eventually.HoldsAsync(() => !told.IsEmpty && api.OpenWatches == 2, "both listed anew");
        told.Should().Equal("-b/w1");
        informer.Lister.List().Should().ContainSingle();
    }

    [Fact]
    public void Constructor_SomeNamespacesOfAKindThatIsInNone_IsRefused()
    {
        var create = () => new SharedInformer<V1Node>(api, new InformerOptions { Namespaces = NamespaceScope.Of("a") }, clock, NullLogger.Instance);

        create.Should().Throw<ArgumentException>().WithMessage("nodes are in no namespace*");
    }

    [Fact]
    public void NamespaceScope_SameNamespaces_AreEqual()
    {
        NamespaceScope.Of("b", "a", "b").Should().Be(NamespaceScope.Of("a", "b"));
        NamespaceScope.Of("b", "a").GetHashCode().Should().Be(NamespaceScope.Of("a", "b").GetHashCode());
        NamespaceScope.Of("a").Should().NotBe(NamespaceScope.All);
        NamespaceScope.Of((string?)null).Should().Be(NamespaceScope.All);
        NamespaceScope.All.Contains("x").Should().BeTrue();
        NamespaceScope.Of("a").Contains("x").Should().BeFalse();
        NamespaceScope.Of("a").Contains(null).Should().BeFalse();
        new InformerOptions { Namespaces = NamespaceScope.Of("a", "b") }.Should().Be(new InformerOptions { Namespaces = NamespaceScope.Of("b", "a") });
    }

    private async Task CreateAsync(params string[] namespaces)
    {
        made++;
        foreach (var name in namespaces)
        {
            await api.CreateAsync(Widget.Named($"w{made}", name), null, default);
        }
    }

    private async Task StartAsync()
    {
        running = informer.RunAsync(stop.Token);
        await informer.WaitForSyncAsync(default);
        await Eventually.HoldsAsync(() => api.OpenWatches == 2, "it watches both");
    }
}
