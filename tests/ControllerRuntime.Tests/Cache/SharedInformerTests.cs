using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Tests.Entities;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.TestSupport;
using Octavo.TestSupport.Kubernetes;

namespace Octavo.ControllerRuntime.Tests.Cache;

public sealed class SharedInformerTests : IAsyncLifetime
{
    private readonly FakeTimeProvider clock = new();
    private readonly FakeKubernetesClient api = new();
    private readonly ConcurrentQueue<string> told = new();
    private readonly CancellationTokenSource stop = new();
    private Task running = Task.CompletedTask;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        stop.Dispose();
    }

    [Fact]
    public async Task Start_ObjectsExist_ListsThemInPagesAndTells()
    {
        for (var i = 0; i < 5; i++)
        {
            await CreateAsync($"w{i}");
        }

        var informer = await StartAsync(new InformerOptions { PageSize = 2 });

        informer.HasSynced.Should().BeTrue();
        informer.Lister.List("n").Should().HaveCount(5);
        informer.Lister.Get("n", "w3")!.Metadata.Name.Should().Be("w3");
        told.Should().BeEquivalentTo("+w0", "+w1", "+w2", "+w3", "+w4");
        api.Count("list").Should().Be(3);
    }

    [Fact]
    public async Task Watch_Changes_AreAppliedAndToldWithBeforeAndAfter()
    {
        var informer = await StartAsync();

        var made = await CreateAsync("w");
        await api.UpdateAsync(made with { Spec = new WidgetSpec { Size = 2 } }, null, default);
        await api.DeleteAsync<Widget>("w", "n", null, default);

        await TellsAsync("+w", "w:0>2", "-w");
        informer.Lister.Get("n", "w").Should().BeNull();
        api.Count("list").Should().Be(1);
    }

    [Fact]
    public async Task Watch_EndedByTheServer_IsResumedAfterTheLastEvent()
    {
        var informer = await StartAsync();
        await CreateAsync("a");
        await TellsAsync("+a");

        api.EndWatches();
        await CreateAsync("b");

        await TellsAsync("+a", "+b");
        api.Count("list").Should().Be(1);
        informer.LastSyncResourceVersion.Should().Be(api.ResourceVersion);
    }

    [Fact]
    public async Task Watch_Bookmark_MovesTheVersionSoThatAForgottenHistoryDoesNotMatter()
    {
        var informer = await StartAsync();
        await api.CreateAsync(new V1ConfigMap { Metadata = new V1ObjectMeta { Name = "other", NamespaceProperty = "n" } }, null, default);
        api.SendBookmark();
        await Eventually.HoldsAsync(() => informer.LastSyncResourceVersion == api.ResourceVersion, "the bookmark counts");
        api.ForgetHistory();

        api.EndWatches();
        await CreateAsync("a");

        await TellsAsync("+a");
        api.Count("list").Should().Be(1);
    }

    [Fact]
    public async Task Watch_410_ListsAgainAndTellsWhatVanishedMeanwhile()
    {
        var kept = await CreateAsync("kept");
        await CreateAsync("lost");
        var changed = await CreateAsync("changed");
        var informer = await StartAsync();
        told.Clear();
        using var hold = new SemaphoreSlim(0);
        api.OnRequest = (request, token) => request.Verb == "watch" ? hold.WaitAsync(token) : Task.CompletedTask;

        clock.Advance(TimeSpan.FromSeconds(2));
        api.EndWatches();
        await Eventually.HoldsAsync(() => api.Count("watch") == 2, "the watch is asked for again");
        await api.DeleteAsync<Widget>("lost", "n", null, default);
        await api.UpdateAsync(changed with { Spec = new WidgetSpec { Size = 7 } }, null, default);
        await CreateAsync("new");
        api.ForgetHistory();
        hold.Release(10);

        await TellsAsync("-lost", "changed:0>7", "+new");
        informer.Lister.Get("n", "kept").Should().BeEquivalentTo(kept);
        api.Count("list").Should().Be(2);
    }

    [Fact]
    public async Task Watch_Broken_IsResumedAfterABackoffWithoutListing()
    {
        await StartAsync();
        var asked = api.Count("watch");

        api.EndWatches(new IOException("reset"));
        await Eventually.HoldsAsync(() => clock.PendingTimers == 1, "it waits");
        await CreateAsync("a");
        api.Count("watch").Should().Be(asked, "not before the backoff is over");
        clock.Advance(TimeSpan.FromSeconds(1.6));

        await TellsAsync("+a");
        api.Count("list").Should().Be(1);
    }

    [Fact]
    public async Task Watch_EndsAtOnceAgainAndAgain_IsNotAskedForInATightLoop()
    {
        await StartAsync();

        api.EndWatches();
        await Eventually.HoldsAsync(() => clock.PendingTimers == 1, "it waits");

        api.Count("watch").Should().Be(1);
    }

    [Fact]
    public async Task Watch_RefusedByTheServer_ListsAgain()
    {
        await StartAsync();
        var refuse = 1;
        api.OnRequest = (request, _) => request.Verb == "watch" && Interlocked.Decrement(ref refuse) >= 0
            ? throw new KubernetesException(System.Net.HttpStatusCode.InternalServerError, null, "broken")
            : Task.CompletedTask;

        clock.Advance(TimeSpan.FromSeconds(2));
        api.EndWatches();

        await Eventually.HoldsAsync(() => api.Count("list") == 2, clock, TimeSpan.FromSeconds(1), "it lists again");
    }

    [Fact]
    public async Task Watch_410Always_BacksOff()
    {
        await StartAsync();
        api.OnRequest = (request, _) => request.Verb == "watch"
            ? throw new KubernetesException(System.Net.HttpStatusCode.Gone, null, "too old")
            : Task.CompletedTask;

        clock.Advance(TimeSpan.FromSeconds(2));
        api.EndWatches();
        await Eventually.HoldsAsync(() => clock.PendingTimers == 1, "it waits");

        api.Count("list").Should().Be(2, "the first list is at once, the next only after a wait");
    }

    [Fact]
    public async Task Start_ServerDown_TriesAgainWithGrowingDelay()
    {
        var down = true;
        api.OnRequest = (_, _) => down ? throw new HttpRequestException("connection refused") : Task.CompletedTask;
        var informer = Create(new InformerOptions());
        running = informer.RunAsync(stop.Token);

        await Eventually.HoldsAsync(() => api.Count("list") == 4, clock, TimeSpan.FromMilliseconds(400), "four tries");
        informer.HasSynced.Should().BeFalse();
        down = false;
        await Eventually.HoldsAsync(() => informer.HasSynced, clock, TimeSpan.FromSeconds(5), "it syncs");
    }

    [Fact]
    public async Task Watch_Always_AsksTheServerForARandomEnd()
    {
        var timeouts = new ConcurrentQueue<int?>();
        var client = new SpyingClient(api, timeouts);
        var informer = new SharedInformer<Widget>(client, new InformerOptions(), clock, NullLogger.Instance, new Random(1));
        running = informer.RunAsync(stop.Token);
        await Eventually.HoldsAsync(() => !timeouts.IsEmpty, "it watches");

        timeouts.Single().Should().BeInRange(300, 600);
    }

    [Fact]
    public async Task Object_ReplacedUnderItsName_IsADeletionAndAnAddition()
    {
        await CreateAsync("w");
        await StartAsync();
        told.Clear();
        using var hold = new SemaphoreSlim(0);
        api.OnRequest = (request, token) => request.Verb == "watch" ? hold.WaitAsync(token) : Task.CompletedTask;
        clock.Advance(TimeSpan.FromSeconds(2));
        api.EndWatches();
        await Eventually.HoldsAsync(() => api.Count("watch") == 2, "the watch is asked for again");
        await api.DeleteAsync<Widget>("w", "n", null, default);
        await CreateAsync("w");
        api.ForgetHistory();
        hold.Release(10);

        await TellsAsync("-w", "+w");
    }

    [Fact]
    public async Task Selector_ObjectLeavesIt_IsADeletion()
    {
        var informer = await StartAsync(new InformerOptions { LabelSelector = "a=b" });
        var made = await api.CreateAsync(Widget.Named("w") with { Metadata = new V1ObjectMeta { Name = "w", NamespaceProperty = "n", Labels = new Dictionary<string, string> { ["a"] = "b" } } }, null, default);

        await api.UpdateAsync(made with { Metadata = made.Metadata with { Labels = null } }, null, default);

        await TellsAsync("+w", "-w");
        informer.Lister.List().Should().BeEmpty();
    }

    [Fact]
    public async Task Handler_Throws_NeitherStopsTheOthersNorTheCache()
    {
        var informer = Create(new InformerOptions());
        informer.AddEventHandler(onAdd: _ => throw new InvalidOperationException("bad handler"));
        Listen(informer);
        running = informer.RunAsync(stop.Token);
        await informer.WaitForSyncAsync(default);

        await CreateAsync("a");
        await CreateAsync("b");

        await TellsAsync("+a", "+b");
    }

    [Fact]
    public async Task Handler_AddedLate_IsToldOfWhatThereIs()
    {
        await CreateAsync("a");
        var informer = await StartAsync();
        var late = new List<string>();

        informer.AddEventHandler(onAdd: w => late.Add(w.Metadata.Name!));

        late.Should().Equal("a");
    }

    [Fact]
    public async Task Index_Added_AnswersByKey()
    {
        var informer = Create(new InformerOptions());
        informer.AddIndex("size", w => [w.Spec!.Size.ToString()]);
        running = informer.RunAsync(stop.Token);
        await api.CreateAsync(Widget.Named("a") with { Spec = new WidgetSpec { Size = 3 } }, null, default);
        await CreateAsync("b");

        await Eventually.HoldsAsync(() => informer.Lister.List().Count == 2, "both are there");

        informer.Lister.ByIndex("size", "3").Single().Metadata.Name.Should().Be("a");
        informer.Lister.Invoking(l => l.ByIndex("colour", "3")).Should().Throw<ArgumentException>();
    }

    private SharedInformer<Widget> Create(InformerOptions options) => new(api, options, clock, NullLogger.Instance, new Random(1));

    private async Task<SharedInformer<Widget>> StartAsync(InformerOptions? options = null)
    {
        var informer = Create(options ?? new InformerOptions());
        Listen(informer);
        running = informer.RunAsync(stop.Token);
        await informer.WaitForSyncAsync(default);
        await Eventually.HoldsAsync(() => api.OpenWatches == 1, "it watches");
        return informer;
    }

    private void Listen(SharedInformer<Widget> informer) => informer.AddEventHandler(
        added => told.Enqueue($"+{added.Metadata.Name}"),
        (before, after) => told.Enqueue($"{after.Metadata.Name}:{before.Spec!.Size}>{after.Spec!.Size}"),
        last => told.Enqueue($"-{last.Metadata.Name}"));

    private Task<Widget> CreateAsync(string name) => api.CreateAsync(Widget.Named(name), null, default);

    private async Task TellsAsync(params string[] expected)
    {
        await Eventually.HoldsAsync(() => told.Count >= expected.Length, $"{string.Join(' ', expected)}");
        told.Should().Equal(expected);
    }
}
