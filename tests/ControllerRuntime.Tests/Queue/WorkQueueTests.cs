using System.Collections.Concurrent;
using Octavo.ControllerRuntime.Queue;
using Octavo.TestSupport;

namespace Octavo.ControllerRuntime.Tests.Queue;

public sealed class WorkQueueTests : IDisposable
{
    private static readonly NamespacedName A = new("n", "a");
    private static readonly NamespacedName B = new("n", "b");

    private readonly FakeTimeProvider clock = new();
    private readonly WorkQueue queue;

    public WorkQueueTests() =>
        queue = new WorkQueue("test", clock, new ItemExponentialFailureRateLimiter(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10)));

    public void Dispose() => queue.Dispose();

    [Fact]
    public async Task Add_TheSameKeyTwice_IsGivenOnce()
    {
        queue.Add(A);
        queue.Add(B);
        queue.Add(A);

        queue.Count.Should().Be(2);
        (await queue.GetAsync(default)).Should().Be(A);
        (await queue.GetAsync(default)).Should().Be(B);
        queue.Count.Should().Be(0);
    }

    [Fact]
    public async Task Add_WhileProcessing_IsGivenAgainOnlyAfterDone()
    {
        queue.Add(A);
        await queue.GetAsync(default);

        queue.Add(A);
        queue.Add(A);
        queue.Count.Should().Be(0);
        queue.Done(A);

        queue.Count.Should().Be(1);
        (await queue.GetAsync(default)).Should().Be(A);
        queue.Done(A);
        queue.Count.Should().Be(0);
    }

    [Fact]
    public async Task GetAsync_Empty_WaitsForAnAdd()
    {
        var get = queue.GetAsync(default).AsTask();
        get.IsCompleted.Should().BeFalse();

        queue.Add(A);

        (await get).Should().Be(A);
    }

    [Fact]
    public async Task GetAsync_Cancelled_Throws()
    {
        using var stop = new CancellationTokenSource();
        var get = queue.GetAsync(stop.Token).AsTask();

        await stop.CancelAsync();

        await get.Invoking(g => g).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public void AddAfter_Delay_IsGivenWhenItIsOver()
    {
        queue.AddAfter(A, TimeSpan.FromSeconds(5));

        clock.Advance(TimeSpan.FromSeconds(4.9));
        queue.Count.Should().Be(0);
        clock.Advance(TimeSpan.FromSeconds(0.1));
        queue.Count.Should().Be(1);
    }

    [Theory]
    [InlineData(5, 2)]
    [InlineData(2, 5)]
    public void AddAfter_Twice_TheEarlierCounts(int first, int second)
    {
        queue.AddAfter(A, TimeSpan.FromSeconds(first));
        queue.AddAfter(A, TimeSpan.FromSeconds(second));

        clock.PendingTimers.Should().Be(1);
        clock.Advance(TimeSpan.FromSeconds(2));
        queue.Count.Should().Be(1);
    }

    [Fact]
    public void AddAfter_NoDelay_IsGivenAtOnce()
    {
        queue.AddAfter(A, TimeSpan.Zero);

        queue.Count.Should().Be(1);
    }

    [Fact]
    public async Task AddRateLimited_FailingAgainAndAgain_WaitsLongerUpToTheLimit()
    {
        var waits = new List<double>();
        for (var i = 0; i < 6; i++)
        {
            queue.AddRateLimited(A);
            var seconds = 0.0;
            while (queue.Count == 0)
            {
                clock.Advance(TimeSpan.FromSeconds(0.5));
                seconds += 0.5;
            }

            waits.Add(seconds);
            await queue.GetAsync(default);
            queue.Done(A);
        }

        waits.Should().Equal(1, 2, 4, 8, 10, 10);
        queue.NumRequeues(A).Should().Be(6);
    }

    [Fact]
    public void Forget_AfterFailures_BeginsAnew()
    {
        queue.AddRateLimited(A);
        queue.AddRateLimited(A);

        queue.Forget(A);

        queue.NumRequeues(A).Should().Be(0);
    }

    [Fact]
    public async Task ShutDown_KeysWait_GivesThemOutAndThenNull()
    {
        queue.Add(A);
        queue.AddAfter(B, TimeSpan.FromSeconds(1));
        queue.ShutDown();
        queue.Add(B);
        clock.Advance(TimeSpan.FromSeconds(2));

        (await queue.GetAsync(default)).Should().Be(A);
        (await queue.GetAsync(default)).Should().BeNull();
        clock.PendingTimers.Should().Be(0);
    }

    [Fact]
    public async Task ShutDown_WorkersWait_WakesThem()
    {
        var workers = Enumerable.Range(0, 3).Select(_ => queue.GetAsync(default).AsTask()).ToList();

        queue.ShutDown();

        (await Task.WhenAll(workers)).Should().AllSatisfy(k => k.Should().BeNull());
    }

    [Fact]
    public async Task ManyWorkers_OneKeyAddedByMany_IsNeverWorkedTwiceAtOnceAndNeverLost()
    {
        var busy = new ConcurrentDictionary<NamespacedName, int>();
        var last = new ConcurrentDictionary<NamespacedName, long>();
        long added = 0;
        var overlaps = 0;
        var keys = Enumerable.Range(0, 5).Select(i => new NamespacedName("n", $"k{i}")).ToArray();
        var workers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (await queue.GetAsync(default) is { } key)
            {
                if (busy.AddOrUpdate(key, 1, (_, n) => n + 1) != 1)
                {
                    Interlocked.Increment(ref overlaps);
                }

                last[key] = Interlocked.Read(ref added);
                await Task.Yield();
                busy.AddOrUpdate(key, 0, (_, n) => n - 1);
                queue.Done(key);
            }
        })).ToArray();
        var lastAdd = new ConcurrentDictionary<NamespacedName, long>();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => Task.Run(() =>
        {
            var random = new Random(seed);
            for (var i = 0; i < 5000; i++)
            {
                var key = keys[random.Next(keys.Length)];
                lastAdd.AddOrUpdate(key, Interlocked.Increment(ref added), (_, old) => Math.Max(old, Interlocked.Read(ref added)));
                queue.Add(key);
            }
        })));

        queue.ShutDown();
        await Task.WhenAll(workers);

        overlaps.Should().Be(0);
        last.Keys.Should().BeEquivalentTo(keys);
    }
}
