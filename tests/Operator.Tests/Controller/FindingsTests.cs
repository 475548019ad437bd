using Octavo.Operator.Controller;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Tests.Controller;

public sealed class FindingsTests
{
    private static Finding Good => new(true, "Good", "Good.");
    private static Finding Bad => new(false, "Bad", "Bad.", NeedsPerson: true);

    [Fact]
    public void Enumeration_AnyOrderOfReports_IsThatOfTheConditions()
    {
        var findings = new Findings
        {
            ["MonitoringReady"] = Good,
            [ConditionTypes.ScalingActive] = Good,
            ["GatewayReady"] = Good,
            [ConditionTypes.Progressing] = Good,
            [ConditionTypes.ModelReady] = Good,
            [ConditionTypes.WorkloadReady] = Good,
        };

        findings.Select(f => f.Key).Should().Equal("ModelReady", "WorkloadReady", "Progressing", "ScalingActive", "MonitoringReady", "GatewayReady");
    }

    [Fact]
    public void Indexer_SetAgain_ReplacesInPlaceAndNullRemoves()
    {
        var findings = new Findings { ["A"] = Good, ["B"] = Good };

        findings["A"] = Bad;
        findings["B"] = null;

        findings.Select(f => (f.Key, f.Value)).Should().Equal(("A", Bad));
        findings["C"].Should().BeNull();
    }

    [Fact]
    public void Blocker_SeveralFailures_IsTheFirstThatNeedsAPerson()
    {
        var findings = new Findings { [ConditionTypes.Progressing] = Bad with { Reason = "Late" }, [ConditionTypes.ModelReady] = new Finding(false, "Network", "It passes."), [ConditionTypes.WorkloadReady] = Bad };

        findings.Blocker.Should().Be(Bad);
    }

    [Fact]
    public void RequeueWithin_SeveralWishes_TheEarliestCounts()
    {
        var context = new ReconcileContext(new ObservedState { Service = new V1Alpha1InferenceService { Spec = OperatorHarness.Spec() }, Now = DateTimeOffset.UnixEpoch });
        context.RequeueAfter.Should().BeNull();

        context.RequeueWithin(TimeSpan.FromSeconds(30));
        context.RequeueWithin(TimeSpan.FromSeconds(5));
        context.RequeueWithin(TimeSpan.FromSeconds(60));

        context.RequeueAfter.Should().Be(TimeSpan.FromSeconds(5));
    }
}
