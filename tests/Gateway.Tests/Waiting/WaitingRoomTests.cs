using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Octavo.Gateway.Metrics;
using Octavo.Gateway.Routing;
using Octavo.Gateway.Waiting;
using Octavo.TestSupport;

namespace Octavo.Gateway.Tests.Waiting;

public sealed class WaitingRoomTests : IDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly ModelRoute Route = new("ns/m", "m", ["m"], default, []);

    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeTimeProvider time = new();
    private int? available = 0;

    public void Dispose() => services.Dispose();

    [Fact]
    public async Task Signal_EndpointReady_LetsBatchesGoInOrderAndAtItsPace()
    {
        var room = Room(new WaitingRoomOptions { ReleasePerEndpoint = 2, ReleaseInterval = Interval });
        var waits = Enumerable.Range(0, 5).Select(_ => Wait(room)).ToArray();

        available = 1;
        room.Signal();
        await ReleasedAsync(room, waits, 2);
        time.Advance(Interval);
        await ReleasedAsync(room, waits, 4);
        time.Advance(Interval);
        await ReleasedAsync(room, waits, 5);
        time.PendingTimers.Should().Be(0, "a pump with nothing to do stops");
    }

    [Fact]
    public async Task Signal_EndpointsGoAgain_StopsTheRelease()
    {
        var room = Room(new WaitingRoomOptions { ReleasePerEndpoint = 1, ReleaseInterval = Interval });
        var waits = Enumerable.Range(0, 3).Select(_ => Wait(room)).ToArray();
        available = 1;
        room.Signal();

        available = 0;
        time.Advance(10 * Interval);

        await ReleasedAsync(room, waits, 1);
    }

    [Fact]
    public void Wait_EndpointCameJustBefore_IsNotForgotten()
    {
        var room = Room();
        available = 1;
        var wait = Wait(room);

        time.Advance(Interval);

        wait.Result.Should().Be(WaitOutcome.Released);
    }

    [Fact]
    public void Wait_WithPause_IsNotReleasedEarlier()
    {
        var room = Room();
        available = 1;
        var wait = room.WaitAsync(Route, 1, Minute, 5 * Interval, CancellationToken.None);

        time.Advance(4 * Interval);
        wait.IsCompleted.Should().BeFalse();
        time.Advance(Interval);
        wait.Result.Should().Be(WaitOutcome.Released);
    }

    [Fact]
    public void Wait_NothingComes_TimesOut()
    {
        var room = Room();
        var wait = Wait(room);

        time.Advance(Minute - TimeSpan.FromSeconds(1));
        wait.IsCompleted.Should().BeFalse();
        time.Advance(TimeSpan.FromSeconds(1));
        wait.Result.Should().Be(WaitOutcome.TimedOut);
    }

    [Fact]
    public void Wait_NoTimeLeft_TimesOutAtOnce() =>
        Room().WaitAsync(Route, 1, TimeSpan.Zero, TimeSpan.Zero, CancellationToken.None).Result.Should().Be(WaitOutcome.TimedOut);

    [Fact]
    public void Wait_RoomFull_IsRefusedAndAPlaceIsFreeAgainLater()
    {
        var room = Room(new WaitingRoomOptions { MaxRequestsPerModel = 2 });
        var first = Wait(room);
        var second = Wait(room);
        Wait(room).Result.Should().Be(WaitOutcome.Full);

        time.Advance(Minute);

        first.Result.Should().Be(WaitOutcome.TimedOut);
        second.Result.Should().Be(WaitOutcome.TimedOut);
        Wait(room).IsCompleted.Should().BeFalse();
    }

    [Fact]
    public void Wait_BytesFull_IsRefused()
    {
        var room = Room(new WaitingRoomOptions { MaxBytesPerModel = 100 });
        var first = room.WaitAsync(Route, 60, Minute, TimeSpan.Zero, CancellationToken.None);

        room.WaitAsync(Route, 41, Minute, TimeSpan.Zero, CancellationToken.None).Result.Should().Be(WaitOutcome.Full);
        room.WaitAsync(Route, 40, Minute, TimeSpan.Zero, CancellationToken.None).IsCompleted.Should().BeFalse();
        first.IsCompleted.Should().BeFalse();
    }

    [Fact]
    public async Task Wait_Cancelled_LeavesTheRoom()
    {
        var room = Room(new WaitingRoomOptions { MaxRequestsPerModel = 1 });
        using var cancellation = new CancellationTokenSource();
        var wait = room.WaitAsync(Route, 1, Minute, TimeSpan.Zero, cancellation.Token);

        await cancellation.CancelAsync();

        await wait.Invoking(w => w).Should().ThrowAsync<OperationCanceledException>();
        Wait(room).IsCompleted.Should().BeFalse();
    }

    [Fact]
    public void Signal_RouteGone_ReleasesAll()
    {
        var room = Room(new WaitingRoomOptions { ReleasePerEndpoint = 1 });
        var waits = Enumerable.Range(0, 3).Select(_ => Wait(room)).ToArray();

        available = null;
        room.Signal();

        waits.Should().OnlyContain(w => w.Result == WaitOutcome.Released);
    }

    [Fact]
    public void Close_Waiting_AndLater_AreSentAway()
    {
        var room = Room();
        var wait = Wait(room);

        room.Close();

        wait.Result.Should().Be(WaitOutcome.Closing);
        Wait(room).Result.Should().Be(WaitOutcome.Closing);
    }

    /// <summary>Exactly the first so many are released.</summary>
    private static async Task ReleasedAsync(WaitingRoom room, Task<WaitOutcome>[] waits, int count)
    {
        room.CountHeld(Route.Key).Should().Be(waits.Length - count);
        (await Task.WhenAll(waits[..count]).WaitAsync(TimeSpan.FromSeconds(5))).Should().OnlyContain(o => o == WaitOutcome.Released);
    }

    private static Task<WaitOutcome> Wait(WaitingRoom room) => room.WaitAsync(Route, 1, Minute, TimeSpan.Zero, CancellationToken.None);

    private WaitingRoom Room(WaitingRoomOptions? options = null) =>
        new(options ?? new WaitingRoomOptions(), time, _ => available, new GatewayMetrics(services.GetRequiredService<IMeterFactory>(), new ModelDirectoryStore()));
}
