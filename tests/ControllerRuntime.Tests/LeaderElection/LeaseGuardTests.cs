using System.Text.Json.Nodes;
using Octavo.ControllerRuntime.LeaderElection;
using Octavo.ControllerRuntime.Tests.Entities;
using Octavo.KubernetesClient;
using Octavo.TestSupport;
using Octavo.TestSupport.Kubernetes;

namespace Octavo.ControllerRuntime.Tests.LeaderElection;

public sealed class LeaseGuardTests : IDisposable
{
    private readonly FakeTimeProvider clock = new();
    private readonly FakeKubernetesClient api = new();
    private readonly WriteGate gate;
    private readonly LeaseGuard guard;

    public LeaseGuardTests()
    {
        gate = new WriteGate(clock);
        guard = new LeaseGuard(api, gate);
    }

    public void Dispose() => gate.Dispose();

    [Fact]
    public async Task AnyWrite_GateWasNeverOpen_IsNotSent()
    {
        api.OnSend = (_, _, _) => Task.FromResult<JsonNode?>(null);
        var writes = new Func<Task>[]
        {
            () => guard.CreateAsync(Widget.Named("w"), null, default),
            () => guard.UpdateAsync(Widget.Named("w"), null, default),
            () => guard.UpdateStatusAsync(Widget.Named("w"), null, default),
            () => guard.PatchAsync<Widget>("w", "n", new V1Patch(new JsonObject(), V1PatchType.MergePatch), null, null, default),
            () => guard.ApplyAsync(Widget.Named("w"), new ApplyOptions { FieldManager = "m" }, default),
            () => guard.ApplyManifestAsync(new JsonObject(), new ApplyOptions { FieldManager = "m" }, default),
            () => guard.DeleteAsync<Widget>("w", "n", null, default),
            () => guard.DeleteManifestAsync("example.dev/v1", "Widget", "w", "n", default),
            () => guard.SendAsync(HttpMethod.Post, "/x", null, null, default),
        };

        foreach (var write in writes)
        {
            await write.Should().ThrowAsync<NotLeadingException>();
        }

        api.Requests.Should().BeEmpty();
    }

    [Fact]
    public async Task AnyRead_GateIsShut_IsAnswered()
    {
        await api.CreateAsync(Widget.Named("w"), null, default);
        api.OnSend = (_, _, _) => Task.FromResult<JsonNode?>("pong");

        (await guard.GetAsync<Widget>("w", "n", default)).Should().NotBeNull();
        (await guard.FindAsync<Widget>("w", "n", default)).Should().NotBeNull();
        (await guard.ListAsync<Widget>("n", null, default)).Items.Should().ContainSingle();
        (await guard.FindManifestAsync("example.dev/v1", "Widget", "w", "n", default)).Should().NotBeNull();
        (await guard.DiscoverAsync(default)).Should().BeEmpty();
        (await guard.SendAsync(HttpMethod.Get, "/ping", null, null, default))!.GetValue<string>().Should().Be("pong");
    }

    [Fact]
    public async Task Write_UpToTheEndOfTheTime_IsSent()
    {
        gate.Open(clock.GetTimestamp(), TimeSpan.FromSeconds(11));
        clock.Advance(TimeSpan.FromSeconds(10.9));
        await guard.CreateAsync(Widget.Named("w"), null, default);

        clock.Advance(TimeSpan.FromSeconds(0.1));

        await guard.Invoking(g => g.CreateAsync(Widget.Named("x"), null, default)).Should().ThrowAsync<NotLeadingException>();
        api.Count("create").Should().Be(1);
    }

    [Fact]
    public async Task Write_UnderWayWhenTheTimeEnds_IsBrokenOff()
    {
        gate.Open(clock.GetTimestamp(), TimeSpan.FromSeconds(11));
        api.OnRequest = (_, token) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        var writing = guard.CreateAsync(Widget.Named("w"), null, default);
        await Eventually.HoldsAsync(() => api.Count("create") == 1, "it was sent");
        clock.Advance(TimeSpan.FromSeconds(9));
        gate.Open(clock.GetTimestamp(), TimeSpan.FromSeconds(11));
        clock.Advance(TimeSpan.FromSeconds(10));
        writing.IsCompleted.Should().BeFalse("the lease was renewed meanwhile");

        clock.Advance(TimeSpan.FromSeconds(1));

        await writing.Invoking(w => w).Should().ThrowAsync<NotLeadingException>();
        api.OnRequest = null;
        (await api.FindAsync<Widget>("w", "n", default)).Should().BeNull();
    }

    [Fact]
    public async Task Write_UnderWayWhenAnotherTakesTheLease_IsBrokenOffAtOnce()
    {
        gate.Open(clock.GetTimestamp(), TimeSpan.FromSeconds(11));
        api.OnRequest = (_, token) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        var writing = guard.CreateAsync(Widget.Named("w"), null, default);
        await Eventually.HoldsAsync(() => api.Count("create") == 1, "it was sent");

        gate.Shut();

        await writing.Invoking(w => w).Should().ThrowAsync<NotLeadingException>();
        gate.Open(clock.GetTimestamp(), TimeSpan.FromSeconds(11));
        api.OnRequest = null;
        await guard.CreateAsync(Widget.Named("x"), null, default);
    }

    [Fact]
    public async Task Write_CancelledByTheCaller_IsThat()
    {
        gate.OpenAlways();
        clock.Advance(TimeSpan.FromDays(1));
        using var stop = new CancellationTokenSource();
        api.OnRequest = (_, token) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        var writing = guard.CreateAsync(Widget.Named("w"), null, stop.Token);

        await stop.CancelAsync();

        await writing.Invoking(w => w).Should().ThrowAsync<OperationCanceledException>();
    }
}
