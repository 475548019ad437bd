using Octavo.ControllerRuntime.Health;
using Octavo.TestSupport;

namespace Octavo.ControllerRuntime.Tests.Health;

public sealed class HeartbeatsTests
{
    private readonly FakeTimeProvider clock = new();
    private readonly Heartbeats heartbeats;

    public HeartbeatsTests() => heartbeats = new Heartbeats(clock);

    [Fact]
    public void Stuck_LoopBeatsInTime_IsEmpty()
    {
        using var beat = heartbeats.Begin("loop", TimeSpan.FromSeconds(10));
        for (var i = 0; i < 5; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(10));
            heartbeats.Stuck.Should().BeEmpty();
            beat.Beat();
        }
    }

    [Fact]
    public void Stuck_LoopIsSilent_NamesItUntilItBeatsOrEnds()
    {
        using var other = heartbeats.Begin("other", TimeSpan.FromMinutes(1));
        var beat = heartbeats.Begin("loop", TimeSpan.FromSeconds(10));
        clock.Advance(TimeSpan.FromSeconds(11));
        heartbeats.Stuck.Should().Equal("loop: no sign of life for 11 s");

        beat.Beat();
        heartbeats.Stuck.Should().BeEmpty();
        clock.Advance(TimeSpan.FromSeconds(11));
        heartbeats.Stuck.Should().HaveCount(1);
        beat.Dispose();
        heartbeats.Stuck.Should().BeEmpty();
    }
}
