using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Discovery;
using Octavo.ControllerRuntime.Tests.Entities;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Discovery;
using Octavo.KubernetesClient.Models;
using Octavo.TestSupport;
using Octavo.TestSupport.Kubernetes;

namespace Octavo.ControllerRuntime.Tests.Cache;

public sealed class OptionalInformerTests : IAsyncLifetime
{
    private readonly FakeTimeProvider clock = new();
    private readonly FakeKubernetesClient api = new();
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<string> told = new();
    private readonly ApiCatalog catalog;
    private readonly OptionalInformer<Widget> widgets;
    private int availabilityChanges;
    private Task running = Task.CompletedTask;

    public OptionalInformerTests()
    {
        catalog = new ApiCatalog(api, clock, NullLogger<ApiCatalog>.Instance);
        widgets = Create<Widget>();
        widgets.Informer.AddEventHandler(a => told.Enqueue($"+{a.Metadata.Name}"), (_, a) => told.Enqueue($"{a.Metadata.Name}"), a => told.Enqueue($"-{a.Metadata.Name}"));
        widgets.AvailabilityChanged += () => Interlocked.Increment(ref availabilityChanges);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        stop.Dispose();
    }

    [Fact]
    public async Task Run_KindIsAbsent_IsReadyWithoutAskingForIt()
    {
        running = widgets.RunAsync(stop.Token);
        widgets.HasSynced.Should().BeFalse("whether the kind is there is not known yet");
        widgets.Unavailability.Should().Contain("not known");

        await catalog.LookAsync(default);

        await widgets.WaitForSyncAsync(default);
        widgets.IsAvailable.Should().BeFalse();
        widgets.Unavailability.Should().Be("the server serves no Widget of example.dev/v1");
        api.Count("list").Should().Be(0);
    }

    [Fact]
    public async Task Run_KindIsServed_IsReadyOnlyWithAFullCache()
    {
        await api.CreateAsync(Widget.Named("a"), null, default);
        Serve();
        await catalog.LookAsync(default);
        using var hold = new SemaphoreSlim(0);
        api.OnRequest = (request, token) => request.Verb == "list" ? hold.WaitAsync(token) : Task.CompletedTask;
        running = widgets.RunAsync(stop.Token);
        await Eventually.HoldsAsync(() => api.Count("list") == 1, "it lists");
        widgets.HasSynced.Should().BeFalse();
        widgets.IsAvailable.Should().BeFalse();
        hold.Release();

        await widgets.WaitForSyncAsync(default);
        widgets.IsAvailable.Should().BeTrue();
        widgets.Unavailability.Should().BeNull();
        widgets.Lister.List().Should().ContainSingle();
    }

    [Fact]
    public async Task Catalog_KindAppearsVanishesAndAppears_IsFollowed()
    {
        running = widgets.RunAsync(stop.Token);
        await catalog.LookAsync(default);
        await widgets.WaitForSyncAsync(default);
        await api.CreateAsync(Widget.Named("a"), null, default);
        Serve();
        await catalog.LookAsync(default);
        await Eventually.HoldsAsync(() => widgets.IsAvailable, "it appears");
        told.Should().Equal("+a");

        api.Served.Clear();
        await catalog.LookAsync(default);
        await Eventually.HoldsAsync(() => told.Count == 2 && !widgets.IsAvailable && api.OpenWatches == 0, "it vanishes, and its objects with it");
        told.Should().Equal("+a", "-a");
        widgets.Lister.List().Should().BeEmpty();

        await api.CreateAsync(Widget.Named("b"), null, default);
        Serve();
        await catalog.LookAsync(default);
        await Eventually.HoldsAsync(() => widgets.IsAvailable, "it is back");
        widgets.Lister.List().Should().HaveCount(2);
        availabilityChanges.Should().Be(3);
        widgets.HasSynced.Should().BeTrue();
    }

    [Fact]
    public async Task Run_ListIsForbidden_IsReadyAndSaysWhyAndRecovers()
    {
        Serve();
        await catalog.LookAsync(default);
        api.OnRequest = (request, _) => request.Verb == "list" ? throw Refusal() : Task.CompletedTask;
        running = widgets.RunAsync(stop.Token);
        await widgets.WaitForSyncAsync(default);

        widgets.IsAvailable.Should().BeFalse();
        widgets.Unavailability.Should().Be("widgets is forbidden");
        await Eventually.HoldsAsync(() => clock.PendingTimers == 1, "it waits");
        clock.Advance(new InformerOptions().RefusalPause - TimeSpan.FromSeconds(1));
        api.Count("list").Should().Be(1, "a right that was not given is not asked for in a loop");
        api.OnRequest = null;
        await Eventually.HoldsAsync(() => widgets.IsAvailable, clock, TimeSpan.FromSeconds(10), "the right was given");
    }

    [Fact]
    public async Task Watch_RightIsTaken_IsNoLongerAvailable()
    {
        Serve();
        await catalog.LookAsync(default);
        running = widgets.RunAsync(stop.Token);
        await Eventually.HoldsAsync(() => api.OpenWatches == 1, "it watches");

        api.OnRequest = (_, _) => throw Refusal();
        clock.Advance(TimeSpan.FromSeconds(2));
        api.EndWatches();

        await Eventually.HoldsAsync(() => widgets.Unavailability == "widgets is forbidden", "old knowledge is not to be decided by");
        availabilityChanges.Should().Be(2);
    }

    [Fact]
    public async Task Watch_NetworkBreaks_StaysAvailable()
    {
        Serve();
        await catalog.LookAsync(default);
        running = widgets.RunAsync(stop.Token);
        await Eventually.HoldsAsync(() => api.OpenWatches == 1, "it watches");

        api.OnRequest = (_, _) => throw new HttpRequestException("connection refused");
        api.EndWatches(new IOException("reset"));

        await Eventually.HoldsAsync(() => widgets.Informer.Trouble is not null, "it is in trouble");
        widgets.IsAvailable.Should().BeTrue();
    }

    [Fact]
    public async Task Run_KindOfTheCoreGroup_NeedsNoCatalog()
    {
        var pods = Create<V1Pod>();
        running = pods.RunAsync(stop.Token);

        await pods.WaitForSyncAsync(default);

        pods.IsAvailable.Should().BeTrue();
        catalog.IsRead.Should().BeFalse();
    }

    private static KubernetesException Refusal() => new(HttpStatusCode.Forbidden, null, "widgets is forbidden");

    private OptionalInformer<T> Create<T>() where T : class, IKubernetesObject =>
        new(new SharedInformer<T>(api, new InformerOptions(), clock, NullLogger.Instance, new Random(1), isOptional: true), catalog, NullLogger<OptionalInformer<T>>.Instance);

    private void Serve() => api.Served["example.dev/v1"] = new ServedVersion("example.dev/v1", [new ServedKind("Widget", "widgets", true)]);
}
