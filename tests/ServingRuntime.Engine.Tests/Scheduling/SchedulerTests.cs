using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.Engine.Tests.Scheduling;

public sealed class SchedulerTests
{
    [Fact]
    public void Schedule_LongPrompt_IsChunkedAndDecodesRunBesideIt()
    {
        var bench = new SchedulerBench(blocks: 100, budget: 40);
        bench.Add("short", 10);
        bench.Add("long", 100);
        bench.Step().Should().Be("short:10 long:30");
        bench.Step().Should().Be("short:1 long:39");
        bench.Step().Should().Be("short:1 long:31");
        bench.Step().Should().Be("short:1 long:1");
    }

    [Fact]
    public void Schedule_MoreRequestsThanSequences_WaitInOrder()
    {
        var bench = new SchedulerBench(blocks: 100, budget: 100, sequences: 2);
        bench.Add("a", 5, maxTokens: 1);
        bench.Add("b", 5);
        bench.Add("c", 5);
        bench.Step().Should().Be("a:5 b:5");
        bench.Step().Should().Be("b:1 c:5", "a has ended");
    }

    [Fact]
    public void Schedule_Priorities_SmallerFirst()
    {
        var bench = new SchedulerBench(blocks: 100, budget: 10);
        bench.Add("later", 10, priority: 1);
        bench.Add("sooner", 10, priority: -1);
        bench.Step().Should().Be("sooner:10");
        bench.Step().Should().Be("sooner:1 later:9");
    }

    [Fact]
    public void Schedule_PromptThatDoesNotFitWhole_WaitsAndBlocksTheQueue()
    {
        var bench = new SchedulerBench(blocks: 8, budget: 200);
        bench.Add("a", 60);
        bench.Add("too long for now", 80);
        bench.Add("short", 10);
        bench.Step().Should().Be("a:60", "7 blocks less 4 do not hold 5, and nobody overtakes");
        bench.Finish("a");
        bench.Step().Should().Be("too long for now:80 short:10");
    }

    [Fact]
    public void Schedule_Watermark_KeepsBlocksForThoseThatRun()
    {
        var bench = new SchedulerBench(blocks: 11, budget: 200, watermark: 0.2);
        bench.Add("a", 64);
        bench.Add("b", 80);
        bench.Step().Should().Be("a:64", "b would leave 1 block, 2 are kept");
        var alone = new SchedulerBench(blocks: 11, budget: 200, watermark: 0.2);
        alone.Add("all", 150);
        alone.Step().Should().Be("all:150", "nobody else runs");
    }

    [Fact]
    public void Schedule_BlocksRunOut_LeastComputedOfLowestPriorityGivesWay()
    {
        var bench = new SchedulerBench(blocks: 7, budget: 200);
        bench.Add("old", 32);
        bench.Add("young", 31);
        bench.Add("important", 16, priority: -1);
        bench.Step().Should().Be("important:16 old:32 young:31");
        bench.Step().Should().Be("important:1 old:1", "important takes the last of 6 blocks, and young has one token less to lose than old");
        bench.Preemptions.Should().Be(1);
    }

    [Fact]
    public void Schedule_AfterPreemption_AdmitsNobodyInThatStepAndResumesFromTheHead()
    {
        var bench = new SchedulerBench(blocks: 5, budget: 200);
        bench.Add("old", 32);
        bench.Add("young", 32);
        bench.Step().Should().Be("old:32 young:32");
        bench.Add("newcomer", 5);
        bench.Step().Should().Be("old:1");
        bench.Preemptions.Should().Be(1);
        bench.Finish("old");
        bench.Step().Should().Be("young:17 newcomer:5", "its second block went to old, its first is still known");
        bench.Recomputed.Should().Be(16);
    }

    [Fact]
    public void Schedule_VictimAlreadyScheduled_ItsTokensReturnToTheBudget()
    {
        var bench = new SchedulerBench(blocks: 6, budget: 40);
        bench.Add("victim", 10, priority: 5);
        bench.Step().Should().Be("victim:10");
        bench.Add("grows", 63);
        bench.Step().Should().Be("victim:1 grows:39");
        bench.Step().Should().Be("victim:1 grows:24");
        bench.Step().Should().Be("victim:1 grows:1");
        bench.Step().Should().Be("grows:1", "it needs a fifth block, and the victim was taken out of the step again");
        bench.Preemptions.Should().Be(1);
        bench.Check();
    }

    [Fact]
    public void UpdateFromOutput_NaN_EndsThatRequestAlone()
    {
        var bench = new SchedulerBench(blocks: 20, budget: 100);
        bench.Add("good", 5);
        bench.Add("bad", 5);
        bench.Step(token: scheduled => scheduled == "bad" ? -1 : 9);
        bench.Outputs.Should().ContainSingle(output => output.FinishReason == FinishReason.Error).Which.RequestId.Should().Be("bad");
        bench.Step().Should().Be("good:1");
    }

    [Fact]
    public void UpdateFromOutput_FirstScheduled_IsStampedOnce()
    {
        var bench = new SchedulerBench(blocks: 20, budget: 4);
        bench.Add("a", 6);
        bench.Time.Advance(TimeSpan.FromSeconds(3));
        var admitted = bench.Time.GetTimestamp();
        bench.Step();
        bench.Time.Advance(TimeSpan.FromSeconds(3));
        bench.Step();
        bench.Outputs.Should().ContainSingle().Which.FirstScheduledTimestamp.Should().Be(admitted);
    }

    [Fact]
    public void Schedule_LongPrefillThreshold_LeavesRoomForOthers()
    {
        var bench = new SchedulerBench(blocks: 100, budget: 40, longPrefill: 15);
        bench.Add("long", 100);
        bench.Add("other", 20);
        bench.Step().Should().Be("long:15 other:15");
        bench.Step().Should().Be("long:15 other:5");
        bench.Step().Should().Be("long:15 other:1");
    }

    [Fact]
    public void Schedule_VictimsTokensAreShared_TheOneWithLessToLoseGivesWay()
    {
        var bench = new SchedulerBench(blocks: 8, budget: 200);
        bench.Add("holder", 33, priority: -1, content: 1);
        bench.Add("sharer", 48, content: 1);
        bench.Add("other", 46);
        bench.Step().Should().Be("holder:33 sharer:16 other:46", "two blocks are shared");
        bench.Step().Should().Be("holder:1 other:1", "sharer needs an eighth block; it has computed 48 tokens and other 46, but would lose only 16 of them");
        bench.Preemptions.Should().Be(1);
    }

    [Fact]
    public void Schedule_VictimThatFreesNothing_IsSpared()
    {
        var bench = new SchedulerBench(blocks: 8, budget: 200);
        bench.Add("parent", 32);
        bench.Add("fork", 32, forkOf: "parent", content: 100);
        bench.Add("large", 48);
        bench.Step().Should().Be("parent:32 +fork large:48");
        bench.Step().Should().Be("large:1 fork:1", "all need a block and there are two; fork, the youngest of those that lose nothing, holds none alone, parent one that it does not fill");
    }

    [Fact]
    public void Recomputed_AbortedWhileRecomputing_CountsWhatWasComputedAgain()
    {
        var bench = new SchedulerBench(blocks: 7, budget: 20, caching: false);
        bench.Add("victim", 40, priority: 1);
        bench.Step();
        bench.Step();
        bench.Add("first", 44);
        for (var i = 0; i < 8; i++)
        {
            bench.Step();
        }

        bench.Preemptions.Should().Be(1, "first needed a seventh block");
        bench.Finish("first");
        bench.Recomputed.Should().Be(0);
        bench.Step().Should().Be("victim:20");
        bench.Finish("victim");
        bench.Recomputed.Should().Be(20, "of 47 that were lost; the rest is never computed again");
    }

    [Fact]
    public void Expire_WaitingRunningAndFork_EndInTheNextStepAndFreeTheirBlocks()
    {
        var bench = new SchedulerBench(blocks: 100, budget: 40, sequences: 1);
        bench.Add("running", 20, deadline: TimeSpan.FromSeconds(5));
        bench.Add("waiting", 20, deadline: TimeSpan.FromSeconds(4));
        bench.Add("fork", 20, deadline: TimeSpan.FromSeconds(3), forkOf: "waiting", content: 101);
        bench.Add("patient", 20);
        bench.Step().Should().Be("running:20");
        bench.Time.Advance(TimeSpan.FromSeconds(4));
        bench.Step().Should().Be("running:1");
        bench.Outputs.Where(output => output.FinishReason == FinishReason.Abort).Select(output => output.RequestId).Should().Equal("fork", "waiting");
        bench.Time.Advance(TimeSpan.FromSeconds(1));
        bench.Step().Should().Be("patient:20");
        bench.Outputs.Should().ContainSingle(output => output.FinishReason == FinishReason.Abort && output.ErrorMessage!.Contains("deadline")).Which.RequestId.Should().Be("running");
        bench.UsedBlocks.Should().Be(2);
        bench.Scheduler.NumWaiting.Should().Be(0);
    }

    [Fact]
    public void Schedule_FloodOfOneTenant_TheOtherGetsEveryOtherPlace()
    {
        var bench = new SchedulerBench(blocks: 1000, budget: 2000, sequences: 2);
        for (var i = 0; i < 40; i++)
        {
            bench.Add($"flood {i}", 600, maxTokens: 1, tenant: "flood");
        }

        bench.Step().Should().Be("flood 0:600 flood 1:600");
        bench.Add("single 0", 600, maxTokens: 1, tenant: "single");
        bench.Add("single 1", 600, maxTokens: 1, tenant: "single");
        var steps = string.Join(' ', Enumerable.Range(0, 3).Select(_ => bench.Step()));
        steps.Should().Contain("single 0").And.Contain("single 1");
    }

    [Fact]
    public void Schedule_PreemptedRequest_ComesBackBeforeOtherTenants()
    {
        var bench = new SchedulerBench(blocks: 5, budget: 200);
        bench.Add("old", 32, tenant: "a");
        bench.Add("young", 32, tenant: "b");
        bench.Step();
        bench.Add("newcomer", 5, tenant: "c");
        bench.Step().Should().Be("old:1");
        bench.Finish("old");
        bench.Step().Should().StartWith("young:").And.EndWith("newcomer:5");
    }

    [Fact]
    public void Schedule_ParentPreemptedBeforeItsPromptIsDone_KeepsItsForks()
    {
        var bench = new SchedulerBench(blocks: 6, budget: 20, caching: false);
        bench.Add("first", 30, priority: -1);
        bench.Step();
        bench.Step().Should().Be("first:10");
        bench.Add("parent", 40);
        bench.Add("fork", 40, forkOf: "parent", content: 101);
        bench.Step().Should().Be("first:1 parent:19");
        bench.Step().Should().Be("first:1 parent:19");
        bench.Step(token: _ => 9).Should().Be("first:1", "it needs the last block, and parent has none for its last two tokens");
        bench.Preemptions.Should().Be(1);
        bench.Scheduler.NumWaiting.Should().Be(2);
        bench.Finish("first");
        bench.Step().Should().Be("parent:20");
        bench.Step().Should().Be("parent:20 +fork");
        bench.Step().Should().Be("parent:1 fork:1");
    }

    [Fact]
    public void Schedule_ForksOfAPartialBlock_AllButTheLastToWriteGetACopy()
    {
        var bench = new SchedulerBench(blocks: 100, budget: 200);
        bench.Add("parent", 20);
        bench.Add("a", 20, forkOf: "parent", content: 100);
        bench.Add("b", 20, forkOf: "parent", content: 100);
        bench.Step().Should().Be("parent:20 +a +b");
        bench.UsedBlocks.Should().Be(2);
        bench.Step().Should().Be("parent:1 a:1 b:1");
        bench.Copies.Should().HaveCount(2);
        bench.Copies.Select(copy => copy.Source).Distinct().Should().ContainSingle();
        bench.UsedBlocks.Should().Be(4);
        bench.Step();
        bench.Copies.Should().BeEmpty();
    }
}
