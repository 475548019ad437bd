using Octavo.Gateway.Picking;
using Octavo.Gateway.Routing;
using Octavo.TestSupport;

namespace Octavo.Gateway.Tests.Picking;

public sealed class EndpointTrackerTests
{
    private static readonly BackendEndpoint A = new("10.0.0.1", 8000);
    private static readonly BackendEndpoint B = new("10.0.0.2", 8000);
    private static readonly IReadOnlySet<BackendEndpoint> None = new HashSet<BackendEndpoint>();

    private readonly FakeTimeProvider time = new();

    [Fact]
    public void Acquire_Several_SpreadsAndLeasesEndOnce()
    {
        var tracker = Tracker();
        var leases = Enumerable.Range(0, 4).Select(_ => tracker.Acquire([A, B], None)!).ToArray();
        tracker.Load(A).InFlight.Should().Be(2);
        tracker.Load(B).InFlight.Should().Be(2);

        leases[0].Dispose();
        leases[0].Dispose();

        tracker.Load(leases[0].Endpoint).InFlight.Should().Be(1);
    }

    [Fact]
    public async Task Acquire_AtOnce_SpreadsEvenly()
    {
        var tracker = Tracker();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 50; i++)
            {
                tracker.Acquire([A, B], None);
            }
        })));

        tracker.Load(A).InFlight.Should().Be(200);
        tracker.Load(B).InFlight.Should().Be(200);
    }

    [Fact]
    public void ReportUnreachable_Again_EjectsForLongerAndASuccessForgets()
    {
        var tracker = Tracker();
        tracker.ReportUnreachable(A).Should().BeTrue();
        tracker.CountAvailable([A, B]).Should().Be(1);
        time.Advance(TimeSpan.FromSeconds(5));
        tracker.Load(A).Ejected.Should().BeFalse();

        tracker.ReportUnreachable(A).Should().BeTrue();
        tracker.ReportUnreachable(A).Should().BeFalse("it was set aside already");
        time.Advance(TimeSpan.FromSeconds(10));
        tracker.Load(A).Ejected.Should().BeTrue();

        tracker.ReportReachable(A);
        tracker.Load(A).Ejected.Should().BeFalse();
    }

    [Fact]
    public void CountAvailable_AllEjected_IsOne()
    {
        var tracker = Tracker();
        tracker.ReportUnreachable(A);
        tracker.ReportUnreachable(B);

        tracker.CountAvailable([A, B]).Should().Be(1);
        tracker.CountAvailable([]).Should().Be(0);
    }

    [Fact]
    public void Retain_EndpointGoneAndBack_StartsAfresh()
    {
        var tracker = Tracker();
        tracker.ReportUnreachable(A);

        tracker.Retain(None);

        tracker.Load(A).Ejected.Should().BeFalse();
    }

    private EndpointTracker Tracker() => new(time, new Random(1), TimeSpan.FromSeconds(5));
}
