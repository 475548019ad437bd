using Octavo.ControllerRuntime;
using Octavo.LocalCluster.Controllers;
using Octavo.TestSupport;

namespace Octavo.LocalCluster.Tests.Controllers;

public sealed class ControllerExpectationsTests
{
    private readonly FakeTimeProvider time = new();
    private readonly ControllerExpectations expectations;
    private readonly NamespacedName owner = new("default", "web");

    public ControllerExpectationsTests() => expectations = new ControllerExpectations(time);

    [Fact]
    public void Satisfied_UntilEveryCreationIsSeen_IsFalse()
    {
        expectations.ExpectCreations(owner, 2);
        expectations.CreationObserved(owner);
        expectations.Satisfied(owner).Should().BeFalse();
        expectations.CreationObserved(owner);
        expectations.Satisfied(owner).Should().BeTrue();
    }

    [Fact]
    public void Satisfied_DeletionOfAnotherPodSeen_IsFalse()
    {
        expectations.ExpectDeletions(owner, ["a"]);
        expectations.DeletionObserved(owner, "b");
        expectations.Satisfied(owner).Should().BeFalse();
        expectations.DeletionObserved(owner, "a");
        expectations.Satisfied(owner).Should().BeTrue();
    }

    [Fact]
    public void Satisfied_NeverMet_ExpiresAfterFiveMinutes()
    {
        expectations.ExpectCreations(owner, 1);
        time.Advance(TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(1));
        expectations.Satisfied(owner).Should().BeTrue();
    }

    [Fact]
    public void ExpectCreations_AfterUnexpectedOnes_StartsFromZero()
    {
        expectations.ExpectCreations(owner, 1);
        expectations.CreationObserved(owner);
        expectations.CreationObserved(owner); // Somebody else's pod was adopted.
        expectations.ExpectCreations(owner, 1);
        expectations.Satisfied(owner).Should().BeFalse();
    }
}
