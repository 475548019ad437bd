using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ControllerRuntime.LeaderElection;
using Octavo.KubernetesClient.Models;
using Octavo.TestSupport;
using Octavo.TestSupport.Kubernetes;

namespace Octavo.ControllerRuntime.Tests.LeaderElection;

public sealed class LeaderElectorTests
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(0.5);

    private readonly FakeTimeProvider clock = new();
    private readonly FakeKubernetesClient api = new();

    [Fact]
    public async Task Run_NoLease_MakesItAndLeads()
    {
        await using var first = Start("one");

        await Eventually.HoldsAsync(() => first.Leads, "it leads");

        var lease = await LeaseAsync();
        lease.Spec!.HolderIdentity.Should().Be("one");
        lease.Spec.LeaseDurationSeconds.Should().Be(12);
        lease.Spec.RenewTime.Should().Be(clock.GetUtcNow());
        lease.Spec.LeaseTransitions.Should().Be(0);
    }

    [Fact]
    public async Task Run_WhileLeading_RenewsEveryTwoSecondsWithOneWrite()
    {
        await using var first = Start("one");
        await Eventually.HoldsAsync(() => first.Leads && clock.PendingTimers == 1, "it leads and pauses");
        api.ClearRequests();

        for (var i = 1; i <= 3; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(2));
            await Eventually.HoldsAsync(() => api.Count("update") == i && clock.PendingTimers == 1, "it renews");
        }

        api.Count("get").Should().Be(0);
        (await LeaseAsync()).Spec!.AcquireTime.Should().Be(clock.GetUtcNow() - TimeSpan.FromSeconds(6));
    }

    [Fact]
    public async Task Run_AnotherLeads_WaitsUntilItGivesTheLeaseBack()
    {
        await using var first = Start("one");
        await Eventually.HoldsAsync(() => first.Leads, "one leads");
        await using var second = Start("two");

        for (var i = 0; i < 60; i++)
        {
            clock.Advance(Step);
            await Eventually.HoldsAsync(() => clock.PendingTimers == 2, "both pause");
        }

        second.Leads.Should().BeFalse();
        second.Elector.Leader.Should().Be("one");
        await first.StopAsync();
        (await LeaseAsync()).Spec!.HolderIdentity.Should().BeEmpty();
        await Eventually.HoldsAsync(() => second.Leads, clock, Step, "two leads");
        (await LeaseAsync()).Spec!.LeaseTransitions.Should().Be(1);
    }

    [Fact]
    public async Task Run_LeaderDiedWithAClockFarAhead_TakesOverAfterTheDurationOnItsOwnClock()
    {
        await api.CreateAsync(
            new V1Lease
            {
                Metadata = new V1ObjectMeta { Name = "lease", NamespaceProperty = "n" },
                Spec = new V1LeaseSpec { HolderIdentity = "dead", LeaseDurationSeconds = 15, RenewTime = clock.GetUtcNow().AddYears(5), LeaseTransitions = 4 },
            },
            null,
            default);
        await using var second = Start("two");
        await Eventually.HoldsAsync(() => clock.PendingTimers == 1, "it has seen the lease");

        for (var i = 0; i < 29; i++)
        {
            clock.Advance(Step);
            await Eventually.HoldsAsync(() => clock.PendingTimers == 1, "it pauses");
        }

        second.Leads.Should().BeFalse("14.5 s have passed, and the dead leader said 15");
        await Eventually.HoldsAsync(() => second.Leads, clock, Step, "it leads");

        (await LeaseAsync()).Spec!.LeaseTransitions.Should().Be(5);
    }

    [Fact]
    public async Task Run_ServerUnreachable_StopsTheWorkBeforeOthersMayBegin()
    {
        await using var first = Start("one");
        await Eventually.HoldsAsync(() => first.Leads && clock.PendingTimers == 1, "it leads and pauses");
        api.OnRequest = (_, _) => throw new HttpRequestException("unreachable");
        var begin = clock.GetUtcNow();

        await Eventually.HoldsAsync(() => !first.Leads, clock, Step, "the work stops");
        await first.Finished;

        (clock.GetUtcNow() - begin).Should().BeLessThanOrEqualTo(TimeSpan.FromSeconds(9.5));
    }

    [Fact]
    public async Task Run_ServerHangs_StopsTheWorkAtTheDeadlineToo()
    {
        await using var first = Start("one");
        await Eventually.HoldsAsync(() => first.Leads && clock.PendingTimers == 1, "it leads and pauses");
        api.OnRequest = (_, token) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        var begin = clock.GetUtcNow();

        await Eventually.HoldsAsync(() => !first.Leads, clock, Step, "the work stops");
        await Eventually.HoldsAsync(() => first.Finished.IsCompleted, clock, Step, "it gives up giving back");

        (clock.GetUtcNow() - begin).Should().BeGreaterThan(TimeSpan.FromSeconds(9));
    }

    [Fact]
    public async Task Run_RenewalFailsOnce_GoesOn()
    {
        await using var first = Start("one");
        await Eventually.HoldsAsync(() => first.Leads && clock.PendingTimers == 1, "it leads and pauses");
        var failures = 3;
        api.OnRequest = (_, _) => Interlocked.Decrement(ref failures) >= 0 ? throw new HttpRequestException("blip") : Task.CompletedTask;
        var version = (await LeaseAsync(hooked: false)).Metadata.ResourceVersion;

        for (var i = 0; i < 12; i++)
        {
            clock.Advance(Step);
            await Eventually.HoldsAsync(() => clock.PendingTimers is 1 or 2, "it pauses");
        }

        first.Leads.Should().BeTrue();
        await Eventually.HoldsAsync(() => api.ResourceVersion != version, clock, Step, "it renews again");
    }

    [Fact]
    public async Task Run_LeaseTakenBySomebody_StopsTheWork()
    {
        await using var first = Start("one");
        await Eventually.HoldsAsync(() => first.Leads, "it leads");
        var lease = await LeaseAsync();
        await api.UpdateAsync(lease with { Spec = lease.Spec! with { HolderIdentity = "thief" } }, null, default);

        await Eventually.HoldsAsync(() => first.Finished.IsCompleted, clock, Step, "the work stops");

        (await LeaseAsync()).Spec!.HolderIdentity.Should().Be("thief");
    }

    [Fact]
    public async Task Run_Stopped_GivesBackOnlyAfterTheWorkHasEnded()
    {
        var goOn = new TaskCompletionSource();
        await using var first = Start("one", async token =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token).ContinueWith(_ => { }, TaskScheduler.Default);
            await goOn.Task;
        });
        await Eventually.HoldsAsync(() => first.Leads, "it leads");

        var stopping = first.StopAsync();
        (await LeaseAsync()).Spec!.HolderIdentity.Should().Be("one");
        goOn.SetResult();
        await stopping;

        (await LeaseAsync()).Spec!.HolderIdentity.Should().BeEmpty();
    }

    [Fact]
    public async Task Run_TwoAtTheSameMoment_OnlyOneLeads()
    {
        using var both = new Barrier(2);
        api.OnRequest = (request, _) => request.Verb == "create" ? Task.Run(() => both.SignalAndWait()) : Task.CompletedTask;
        await using var first = Start("one");
        await using var second = Start("two");

        await Eventually.HoldsAsync(() => first.Leads || second.Leads, "one leads");
        await Eventually.HoldsAsync(() => api.Count("create") == 2 && clock.PendingTimers >= 2, "both have tried");

        (first.Leads && second.Leads).Should().BeFalse();
    }

    [Fact]
    public void Options_Bad_AreAllNamed()
    {
        var options = new LeaderElectionOptions
        {
            LeaseName = "", LeaseDuration = TimeSpan.FromSeconds(10), RenewDeadline = TimeSpan.FromSeconds(10), RetryPeriod = TimeSpan.FromSeconds(9),
        };

        options.Validate().Should().HaveCount(3);
        new LeaderElectionOptions { Enabled = false }.Validate().Should().BeEmpty();
        new LeaderElectionOptions { LeaseName = "x" }.Validate().Should().BeEmpty();
    }

    private async Task<V1Lease> LeaseAsync(bool hooked = true)
    {
        var hook = api.OnRequest;
        api.OnRequest = hooked ? hook : null;
        try
        {
            return await api.GetAsync<V1Lease>("lease", "n", default);
        }
        finally
        {
            api.OnRequest = hook;
        }
    }

    private Candidate Start(string identity, Func<CancellationToken, Task>? work = null)
    {
        var options = new LeaderElectionOptions { LeaseName = "lease", LeaseNamespace = "n", Identity = identity };
        return new Candidate(new LeaderElector(new LeaseLock(api, "n", "lease"), options, clock, new Random(1), NullLogger.Instance), work);
    }

    private sealed class Candidate : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private volatile bool leads;

        public Candidate(LeaderElector elector, Func<CancellationToken, Task>? work)
        {
            Elector = elector;
            Finished = Task.Run(() => elector.RunUntilLeadershipLostAsync(
                async token =>
                {
                    leads = true;
                    try
                    {
                        await (work?.Invoke(token) ?? Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token));
                    }
                    finally
                    {
                        leads = false;
                    }
                },
                stop.Token));
        }

        public LeaderElector Elector { get; }

        public Task Finished { get; }

        public bool Leads => leads;

        public async Task StopAsync()
        {
            await stop.CancelAsync();
            await Finished.ContinueWith(_ => { }, TaskScheduler.Default);
        }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            stop.Dispose();
        }
    }
}
