using Octavo.Gateway.Waiting;
using Octavo.TestSupport;

namespace Octavo.Gateway.Tests.Waiting;

public sealed class ColdStartEstimatorTests
{
    private readonly FakeTimeProvider time = new();

    [Fact]
    public void RetryAfter_NothingLearned_IsTenSeconds() => new ColdStartEstimator(time).RetryAfterSeconds("m").Should().Be(10);

    [Fact]
    public void RetryAfter_AfterAColdStart_IsWhatIsLeftOfIt()
    {
        var estimator = new ColdStartEstimator(time);
        Start(estimator, 60);

        estimator.RetryAfterSeconds("m").Should().Be(60);
        estimator.OnMissing("m");
        time.Advance(TimeSpan.FromSeconds(45));
        estimator.OnMissing("m");
        estimator.RetryAfterSeconds("m").Should().Be(15);
        time.Advance(TimeSpan.FromSeconds(45));
        estimator.RetryAfterSeconds("m").Should().Be(15, "a quarter of the estimate once it has passed");
    }

    [Fact]
    public void RetryAfter_SeveralColdStarts_FollowsTheLaterOnes()
    {
        var estimator = new ColdStartEstimator(time);
        Start(estimator, 60);
        Start(estimator, 20);

        estimator.RetryAfterSeconds("m").Should().Be(40);
    }

    [Fact]
    public void RetryAfter_ExtremeColdStarts_IsBounded()
    {
        var estimator = new ColdStartEstimator(time);
        Start(estimator, 100_000);
        estimator.RetryAfterSeconds("m").Should().Be(300);
        Start(estimator, 0.01, "n");
        estimator.RetryAfterSeconds("n").Should().Be(1);
    }

    private void Start(ColdStartEstimator estimator, double seconds, string key = "m")
    {
        estimator.OnMissing(key);
        time.Advance(TimeSpan.FromSeconds(seconds));
        estimator.OnReady(key);
        estimator.OnReady(key);
    }
}
