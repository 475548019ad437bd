using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.KVCache;
using Octavo.ServingRuntime.Engine.ModelRunner;
using Octavo.ServingRuntime.Engine.Scheduling;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Scheduling;

public sealed class SchedulerTests
{
    [Fact]
    public void Schedule_LongPrompt_IsChunkedAndDecodesRunBesideIt()
    {
        var bench = new Bench(blocks: 100, budget: 40);
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
        var bench = new Bench(blocks: 100, budget: 100, sequences: 2);
        bench.Add("a", 5, maxTokens: 1);
        bench.Add("b", 5);
        bench.Add("c", 5);
        bench.Step().Should().Be("a:5 b:5");
        bench.Step().Should().Be("b:1 c:5", "a has ended");
    }

    [Fact]
    public void Schedule_Priorities_SmallerFirst()
    {
        var bench = new Bench(blocks: 100, budget: 10);
        bench.Add("later", 10, priority: 1);
        bench.Add("sooner", 10, priority: -1);
        bench.Step().Should().Be("sooner:10");
        bench.Step().Should().Be("sooner:1 later:9");
    }

    [Fact]
    public void Schedule_PromptThatDoesNotFitWhole_WaitsAndBlocksTheQueue()
    {
        var bench = new Bench(blocks: 8, budget: 200);
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
        var bench = new Bench(blocks: 11, budget: 200, watermark: 0.2);
        bench.Add("a", 64);
        bench.Add("b", 80);
        bench.Step().Should().Be("a:64", "b would leave 1 block, 2 are kept");
        var alone = new Bench(blocks: 11, budget: 200, watermark: 0.2);
        alone.Add("all", 150);
        alone.Step().Should().Be("all:150", "nobody else runs");
    }

    [Fact]
    public void Schedule_BlocksRunOut_LeastComputedOfLowestPriorityGivesWay()
    {
        var bench = new Bench(blocks: 7, budget: 200);
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
        var bench = new Bench(blocks: 5, budget: 200);
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
        var bench = new Bench(blocks: 6, budget: 40);
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
        var bench = new Bench(blocks: 20, budget: 100);
        bench.Add("good", 5);
        bench.Add("bad", 5);
        bench.Step(token: scheduled => scheduled == "bad" ? -1 : 9);
        bench.Outputs.Should().ContainSingle(output => output.FinishReason == FinishReason.Error).Which.RequestId.Should().Be("bad");
        bench.Step().Should().Be("good:1");
    }

    [Fact]
    public void UpdateFromOutput_FirstScheduled_IsStampedOnce()
    {
        var bench = new Bench(blocks: 20, budget: 4);
        bench.Add("a", 6);
        bench.Time.Advance(TimeSpan.FromSeconds(3));
        var admitted = bench.Time.GetTimestamp();
        bench.Step();
        bench.Time.Advance(TimeSpan.FromSeconds(3));
        bench.Step();
        bench.Outputs.Should().ContainSingle().Which.FirstScheduledTimestamp.Should().Be(admitted);
    }

    /// <summary>A scheduler whose model answers with one token, always.</summary>
    private sealed class Bench
    {
        private readonly KVCacheManager cache;
        private readonly Scheduler scheduler;
        private readonly Dictionary<string, Request> requests = [];

        public Bench(int blocks, int budget, int sequences = 8, double watermark = 0, bool caching = true)
        {
            cache = new KVCacheManager(new BlockPool(blocks), 16, caching);
            var options = new EngineOptions
            {
                ModelPath = "", MaxNumBatchedTokens = budget, MaxNumSeqs = sequences, AdmissionWatermark = watermark, EnablePrefixCaching = caching,
            };
            scheduler = new Scheduler(cache, options, 10_000, Time);
        }

        public FakeTimeProvider Time { get; } = new();

        public List<EngineCoreOutput> Outputs { get; private set; } = [];

        public long Preemptions => scheduler.NumPreemptions;

        public long Recomputed => scheduler.RecomputedTokens;

        public void Add(string id, int promptTokens, int priority = 0, int maxTokens = 1000)
        {
            var source = new EngineCoreRequest
            {
                RequestId = id, Priority = priority, SamplingParams = new SamplingParams { MaxTokens = maxTokens },
                PromptTokenIds = [.. Enumerable.Range(0, promptTokens).Select(i => (requests.Count * 1000) + i)],
            };
            requests[id] = new Request(source, requests.Count, 0);
            scheduler.Add(requests[id]);
        }

        public void Finish(string id) => scheduler.Finish(requests[id]);

        public string Step(Func<string, int>? token = null)
        {
            var step = scheduler.Schedule();
            var text = string.Join(' ', step.Requests.Select(scheduled => $"{scheduled.Request.Id}:{scheduled.NumTokens}"));
            var result = new ModelRunnerOutput();
            foreach (var scheduled in step.Requests.Where(scheduled => scheduled.Samples))
            {
                var id = token?.Invoke(scheduled.Request.Id) ?? 9;
                result.Add(id < 0 ? SampledToken.Failed("no numbers") : new SampledToken(id, null));
                result.EndRequest();
            }

            Outputs = [];
            scheduler.UpdateFromOutput(result, Outputs);
            Check();
            return text;
        }

        public void Check() => cache.Pool.CheckIntegrity();
    }
}
