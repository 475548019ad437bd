using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ControllerRuntime.LeaderElection;
using Octavo.ControllerRuntime.Tests.Entities;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.TestSupport;
using Octavo.TestSupport.Kubernetes;

namespace Octavo.ControllerRuntime.Tests.LeaderElection;

/// <summary>
/// Two processes whose work writes twice a second and does not stop when it is told to; their clocks are two hours apart and do not tick alike. Whatever happens to
/// the leader, the other writes within 20 s, and nothing is ever carried out for a process that does not hold the lease at that moment.
/// </summary>
public sealed class FailoverTests : IAsyncDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    private readonly FakeKubernetesClient api = new();
    private readonly FakeTimeProvider clock = new();
    private readonly ConcurrentQueue<(string Writer, DateTimeOffset At)> writes = new();
    private readonly ConcurrentQueue<string> foreignWrites = new();
    private readonly List<Process> processes = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
        {
            await process.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("cut off", 1)]
    [InlineData("cut off", 2)]
    [InlineData("requests hang", 3)]
    [InlineData("requests hang", 4)]
    [InlineData("killed", 5)]
    [InlineData("killed", 6)]
    [InlineData("asleep", 7)]
    [InlineData("asleep", 8)]
    public async Task Leader_InTrouble_IsReplacedInTimeAndWritesNothingMore(string trouble, int seed)
    {
        var random = new Random(seed);
        var (leader, other) = await StartAsync(random, latency: TimeSpan.Zero);
        await RunAsync(TimeSpan.FromSeconds(3 + (random.NextDouble() * 5)));
        leader.Client.IsCut = trouble == "cut off";
        leader.Client.Hangs = trouble == "requests hang";
        leader.IsStopped = trouble is "killed" or "asleep";
        var begin = clock.GetUtcNow();

        await RunUntilAsync(() => writes.Any(w => w.Writer == other.Identity), Bound);

        await RunAsync(begin + TimeSpan.FromSeconds(40) - clock.GetUtcNow());
        if (trouble != "killed")
        {
            (leader.Client.IsCut, leader.Client.Hangs) = (false, false);
            leader.WakeUp();
            await RunAsync(TimeSpan.FromSeconds(15));
        }

        foreignWrites.Should().BeEmpty();
        writes.SkipWhile(w => w.Writer == leader.Identity).Should().OnlyContain(w => w.Writer == other.Identity, "who was replaced waits for its turn");
        (clock.GetUtcNow() - writes.Last().At).Should().BeLessThan(TimeSpan.FromSeconds(2), "the other goes on working");
    }

    [Fact]
    public async Task Leader_SlowServer_KeepsLeadingAndIsReplacedThreeRequestsLaterThanElse()
    {
        var latency = TimeSpan.FromSeconds(1.5);
        var (leader, other) = await StartAsync(new Random(9), latency);

        await RunAsync(TimeSpan.FromSeconds(60));
        writes.Should().OnlyContain(w => w.Writer == leader.Identity, "slow is not dead");
        leader.IsStopped = true;
        await RunUntilAsync(() => writes.Any(w => w.Writer == other.Identity), Bound + (latency * 3));

        foreignWrites.Should().BeEmpty();
    }

    [Fact]
    public async Task Leader_StoppedInOrder_IsReplacedWithinSeconds()
    {
        var (leader, other) = await StartAsync(new Random(10), latency: TimeSpan.Zero);
        await RunAsync(TimeSpan.FromSeconds(5));

        var stopping = leader.StopAsync();
        await RunUntilAsync(() => writes.Any(w => w.Writer == other.Identity), TimeSpan.FromSeconds(6));

        await stopping;
        foreignWrites.Should().BeEmpty();
    }

    /// <summary>Two processes, of which the first that is given back leads and has written.</summary>
    private async Task<(Process Leader, Process Other)> StartAsync(Random random, TimeSpan latency)
    {
        foreach (var (identity, skew, rate) in new[] { ("one", -1, 0.99), ("two", 1, 1.01) })
        {
            var process = new Process(identity, api, clock, TimeSpan.FromHours(skew), rate, random.Next(), CheckAsync);
            process.Client.Latency = latency;
            process.Client.ServerDelay = TimeSpan.FromSeconds(0.5);
            processes.Add(process);
            process.Start();
        }

        await RunUntilAsync(() => !writes.IsEmpty, TimeSpan.FromSeconds(30));
        var leader = processes.Single(p => p.Identity == writes.First().Writer);
        return (leader, processes.Single(p => p != leader));
    }

    /// <summary>At the moment at which the server carries a write out.</summary>
    private async Task CheckAsync(string writer)
    {
        var holder = (await api.GetAsync<V1Lease>("lease", "n", default)).Spec?.HolderIdentity;
        writes.Enqueue((writer, clock.GetUtcNow()));
        if (holder != writer)
        {
            foreignWrites.Enqueue($"{writer} wrote while '{holder}' had the lease");
        }
    }

    private async Task RunUntilAsync(Func<bool> condition, TimeSpan limit)
    {
        var end = clock.GetUtcNow() + limit;
        while (!condition())
        {
            clock.GetUtcNow().Should().BeBefore(end);
            await StepAsync();
        }
    }

    private async Task RunAsync(TimeSpan time)
    {
        for (var end = clock.GetUtcNow() + time; clock.GetUtcNow() < end;)
        {
            await StepAsync();
        }
    }

    private async Task StepAsync()
    {
        clock.Advance(Step);
        foreach (var process in processes)
        {
            process.Advance(Step);
        }

        // What became due takes its course until everything waits for a clock again.
        for (var quiet = 0; quiet < 3; quiet++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            await Eventually.HoldsAsync(() => processes.All(p => p.Client.Busy == 0), "all requests are answered or wait");
        }
    }

    /// <summary>An operator: elector, gate and guard as a host puts them together, and work that only the guard stops.</summary>
    private sealed class Process : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private readonly FakeTimeProvider clock;
        private readonly double rate;
        private readonly WriteGate gate;
        private readonly LeaseGuard guard;
        private readonly LeaderElector elector;
        private TimeSpan slept;
        private int count;
        private Task running = Task.CompletedTask;

        public Process(string identity, FakeKubernetesClient server, FakeTimeProvider serverClock, TimeSpan skew, double rate, int seed, Func<string, Task> beforeWork)
        {
            (Identity, this.rate) = (identity, rate);
            clock = new FakeTimeProvider(serverClock.GetUtcNow() + skew);
            Client = new FaultyClient(server, serverClock, () => beforeWork(identity));
            gate = new WriteGate(clock);
            guard = new LeaseGuard(Client, gate);
            var options = new LeaderElectionOptions { LeaseName = "lease", LeaseNamespace = "n", Identity = identity };
            elector = new LeaderElector(new LeaseLock(Client, "n", "lease"), options, clock, new Random(seed), NullLogger.Instance, gate);
        }

        public string Identity { get; }

        public FaultyClient Client { get; }

        /// <summary>Its clock stands still, and with it everything that it does.</summary>
        public bool IsStopped { get; set; }

        public void Start() => running = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await elector.RunUntilLeadershipLostAsync(WorkAsync, stop.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
            }
        });

        public void Advance(TimeSpan by)
        {
            if (IsStopped)
            {
                slept += by * rate;
            }
            else
            {
                clock.Advance(by * rate);
            }
        }

        public void WakeUp()
        {
            IsStopped = false;
            clock.Jump(slept);
            slept = TimeSpan.Zero;
        }

        public Task StopAsync()
        {
            stop.Cancel();
            return running;
        }

        public async ValueTask DisposeAsync()
        {
            Client.Hangs = false;
            Client.IsCut = true;
            gate.Shut();
            await StopAsync();
            gate.Dispose();
            stop.Dispose();
        }

        private async Task WorkAsync(CancellationToken term)
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    var wanted = Widget.Named("w") with { Spec = new WidgetSpec { Size = Interlocked.Increment(ref count) } };
                    await guard.ApplyAsync(wanted, new ApplyOptions { FieldManager = Identity, Force = true }, CancellationToken.None);
                    await Task.Delay(TimeSpan.FromSeconds(0.5), clock, stop.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
                }
                catch (NotLeadingException)
                {
                    return;
                }
                catch (HttpRequestException)
                {
                    await Task.Delay(TimeSpan.FromSeconds(0.5), clock, stop.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
                }
            }
        }
    }
}
