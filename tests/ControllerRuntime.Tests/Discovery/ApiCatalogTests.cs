using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ControllerRuntime.Discovery;
using Octavo.ControllerRuntime.Tests.Entities;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Discovery;
using Octavo.TestSupport;
using Octavo.TestSupport.Kubernetes;

namespace Octavo.ControllerRuntime.Tests.Discovery;

public sealed class ApiCatalogTests : IAsyncLifetime
{
    private readonly FakeTimeProvider clock = new();
    private readonly FakeKubernetesClient api = new();
    private readonly CancellationTokenSource stop = new();
    private readonly ApiCatalog catalog;
    private Task running = Task.CompletedTask;
    private int told;

    public ApiCatalogTests()
    {
        catalog = new ApiCatalog(api, clock, NullLogger<ApiCatalog>.Instance);
        catalog.Changed += () => Interlocked.Increment(ref told);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        stop.Dispose();
    }

    [Fact]
    public async Task Look_KindIsServed_IsFoundWithItsPlural()
    {
        catalog.Has<Widget>().Should().BeFalse();
        catalog.IsRead.Should().BeFalse();
        Serve();

        await catalog.LookAsync(default);

        catalog.IsRead.Should().BeTrue();
        catalog.Has<Widget>().Should().BeTrue();
        catalog.Find("example.dev/v1", "Widget").Should().Be(new ServedKind("Widget", "widgets", true));
        catalog.Has("example.dev/v1", "Gadget").Should().BeFalse();
        catalog.Has("example.dev/v2", "Widget").Should().BeFalse();
        told.Should().Be(1);
    }

    [Fact]
    public async Task Look_NothingChanged_TellsNobody()
    {
        Serve();
        await catalog.LookAsync(default);

        await catalog.LookAsync(default);

        told.Should().Be(1);
    }

    [Fact]
    public async Task Look_Fails_KeepsWhatWasKnownAndSaysWhy()
    {
        Serve();
        await catalog.LookAsync(default);
        api.OnRequest = (_, _) => throw new KubernetesException(HttpStatusCode.ServiceUnavailable, null, "etcd is away");

        await catalog.LookAsync(default);

        catalog.Has<Widget>().Should().BeTrue();
        catalog.Failure.Should().Be("etcd is away");
        api.OnRequest = null;
        await catalog.LookAsync(default);
        catalog.Failure.Should().BeNull();
        told.Should().Be(1);
    }

    [Fact]
    public async Task Look_VersionIsStale_KeepsItsKinds()
    {
        Serve();
        await catalog.LookAsync(default);
        api.Served["example.dev/v1"] = new ServedVersion("example.dev/v1", []) { IsStale = true };

        await catalog.LookAsync(default);

        catalog.Has<Widget>().Should().BeTrue("an aggregated API that is down is not an API that was removed");
    }

    [Fact]
    public async Task Run_KindAppearsAndVanishes_IsSeenWithinAMinute()
    {
        running = catalog.RunAsync(stop.Token);
        await catalog.WaitForFirstLookAsync(default);
        Serve();
        catalog.Has<Widget>().Should().BeFalse();

        await Eventually.HoldsAsync(() => catalog.Has<Widget>(), clock, TimeSpan.FromSeconds(10), "it appears");
        api.Served.Clear();
        await Eventually.HoldsAsync(() => !catalog.Has<Widget>(), clock, TimeSpan.FromSeconds(10), "it vanishes");
    }

    [Fact]
    public async Task Run_QuietHour_AsksOnceAMinute()
    {
        running = catalog.RunAsync(stop.Token);
        for (var minute = 1; minute <= 60; minute++)
        {
            var looks = minute;
            await Eventually.HoldsAsync(() => api.Count("discover") == looks && clock.PendingTimers == 1, "it looked and waits");
            clock.Advance(ApiCatalog.ShortestInterval);
            await Eventually.HoldsAsync(() => clock.PendingTimers == 1, "it waits on");
            clock.Advance(ApiCatalog.Interval - ApiCatalog.ShortestInterval);
        }

        await Eventually.HoldsAsync(() => api.Count("discover") == 61, "and once more");
    }

    [Fact]
    public async Task Refresh_AskedOften_LooksSoonButNotInALoop()
    {
        running = catalog.RunAsync(stop.Token);
        await catalog.WaitForFirstLookAsync(default);
        await Eventually.HoldsAsync(() => clock.PendingTimers == 1, "it waits");
        catalog.Refresh();
        catalog.Refresh();
        api.Count("discover").Should().Be(1);

        clock.Advance(ApiCatalog.ShortestInterval);

        await Eventually.HoldsAsync(() => api.Count("discover") == 2, "it looks without waiting for the minute");
    }

    [Fact]
    public void Find_CoreGroup_IsNoQuestion() => catalog.Invoking(c => c.Has("v1", "Pod")).Should().Throw<ArgumentException>();

    private void Serve() => api.Served["example.dev/v1"] = new ServedVersion("example.dev/v1", [new ServedKind("Widget", "widgets", true)]);
}
