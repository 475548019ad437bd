using Octavo.ControllerRuntime.Queue;

namespace Octavo.ControllerRuntime.Tests.Queue;

public sealed class ItemExponentialFailureRateLimiterTests
{
    private readonly ItemExponentialFailureRateLimiter limiter = new(TimeSpan.FromMilliseconds(5), TimeSpan.FromSeconds(1000));

    [Fact]
    public void When_ManyFailures_DoublesAndNeverOverflows()
    {
        var delays = Enumerable.Range(0, 5000).Select(_ => limiter.When(new NamespacedName("n", "a"))).ToList();

        delays.Take(4).Select(d => d.TotalMilliseconds).Should().Equal(5, 10, 20, 40);
        delays[^1].Should().Be(TimeSpan.FromSeconds(1000));
        delays.Should().BeInAscendingOrder();
    }

    [Fact]
    public void When_AnotherKey_BeginsAtTheBeginning()
    {
        limiter.When(new NamespacedName("n", "a"));

        limiter.When(new NamespacedName(null, "a")).Should().Be(TimeSpan.FromMilliseconds(5));
    }
}
