using Octavo.ControllerRuntime.LeaderElection;
using Octavo.TestSupport;

namespace Octavo.ControllerRuntime.Tests.LeaderElection;

public sealed class LeadershipTests
{
    private readonly Leadership leadership = new();

    [Fact]
    public async Task RunWhileLeadingAsync_TwoTerms_RunsInEach()
    {
        using var stop = new CancellationTokenSource();
        var starts = 0;
        var work = leadership.RunWhileLeadingAsync(
            token =>
            {
                Interlocked.Increment(ref starts);
                return Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            },
            stop.Token);
        starts.Should().Be(0);
        leadership.IsLeader.Should().BeFalse();

        for (var term = 1; term <= 2; term++)
        {
            using var lease = new CancellationTokenSource();
            var leading = leadership.LeadAsync(lease.Token);
            await Eventually.HoldsAsync(() => starts == term, "the work starts");
            leadership.IsLeader.Should().BeTrue();
            await lease.CancelAsync();
            await leading;
            leadership.IsLeader.Should().BeFalse();
        }

        await stop.CancelAsync();
        await work.Invoking(w => w).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task LeadAsync_WorkIsSlowToStop_WaitsForIt()
    {
        var goOn = new TaskCompletionSource();
        var began = new TaskCompletionSource();
        var work = leadership.RunWhileLeadingAsync(
            _ =>
            {
                began.SetResult();
                return goOn.Task;
            },
            default);
        using var lease = new CancellationTokenSource();
        var leading = leadership.LeadAsync(lease.Token);
        await began.Task;

        await lease.CancelAsync();
        leading.IsCompleted.Should().BeFalse();
        goOn.SetResult();

        await leading;
        work.IsCompleted.Should().BeFalse("it waits for the next term");
    }

    [Fact]
    public async Task RunWhileLeadingAsync_WorkFails_Throws()
    {
        using var lease = new CancellationTokenSource();
        var leading = leadership.LeadAsync(lease.Token);

        await leadership.Invoking(l => l.RunWhileLeadingAsync(_ => throw new InvalidOperationException("bug"), default)).Should().ThrowAsync<InvalidOperationException>();

        await lease.CancelAsync();
        await leading;
    }
}
