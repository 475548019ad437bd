using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Health;
using Octavo.ControllerRuntime.LeaderElection;
using Octavo.TestSupport;

namespace Octavo.ControllerRuntime.Tests.LeaderElection;

public sealed class LeaderTickServiceTests
{
    private readonly FakeTimeProvider clock = new();
    private readonly Leadership leadership = new();

    [Fact]
    public async Task Tick_Fails_TheNextOneComesAllTheSame()
    {
        using var service = new Ticks(leadership, new Heartbeats(clock), clock) { Work = number => number == 1 ? throw new InvalidOperationException("a bug") : Task.CompletedTask };
        using var term = new CancellationTokenSource();

        await service.StartAsync(CancellationToken.None);
        clock.Advance(TimeSpan.FromSeconds(20));
        service.Count.Should().Be(0, "nobody leads");
        var leading = leadership.LeadAsync(term.Token);
        await Eventually.HoldsAsync(() => service.Count >= 3, clock, TimeSpan.FromSeconds(5), "ticks after the one that failed");
        await term.CancelAsync();
        await leading;

        service.Terms.Should().Be(1);
        await service.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Tick_TakesTooLong_IsStuck()
    {
        var heartbeats = new Heartbeats(clock);
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var service = new Ticks(leadership, heartbeats, clock) { Work = _ => released.Task };
        using var term = new CancellationTokenSource();
        await service.StartAsync(CancellationToken.None);
        var leading = leadership.LeadAsync(term.Token);
        await Eventually.HoldsAsync(() => service.Count == 1, clock, TimeSpan.FromSeconds(5), "a tick");

        heartbeats.Stuck.Should().BeEmpty();
        clock.Advance(TimeSpan.FromMinutes(2));

        heartbeats.Stuck.Should().ContainSingle().Which.Should().StartWith("ticks: ");
        released.SetResult();
        await term.CancelAsync();
        await leading;
        heartbeats.Stuck.Should().BeEmpty("a term that is over is not stuck");
        await service.StopAsync(CancellationToken.None);
    }

    private sealed class Ticks(Leadership leadership, Heartbeats heartbeats, TimeProvider clock)
        : LeaderTickService(new InformerSet([]), leadership, heartbeats, clock, NullLogger.Instance)
    {
        private int count;
        private int terms;

        public required Func<int, Task> Work { get; init; }

        public int Count => Volatile.Read(ref count);

        public int Terms => Volatile.Read(ref terms);

        protected override string Name => "ticks";

        protected override TimeSpan Interval => TimeSpan.FromSeconds(5);

        protected override TimeSpan LongestTick => TimeSpan.FromMinutes(1);

        protected override void BeginTerm() => Interlocked.Increment(ref terms);

        protected override Task TickAsync(CancellationToken cancellationToken) => Work(Interlocked.Increment(ref count));
    }
}
