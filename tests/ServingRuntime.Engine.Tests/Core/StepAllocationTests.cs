using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.KVCache;
using Octavo.ServingRuntime.Engine.ModelRunner;
using Octavo.ServingRuntime.Engine.Scheduling;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

/// <summary>Scheduler, block pool, hashing and statistics; the runner here allocates nothing.</summary>
public sealed class StepAllocationTests
{
    private const int MeasuredSteps = 200;

    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(256)]
    public void Step_SteadyDecode_AllocatesNothing(int requests)
    {
        using var engine = new EngineCore(
            new EngineOptions { ModelPath = "", MaxNumSeqs = 256, MaxNumBatchedTokens = 8192 }, new KVCacheConfig(20_000, 16, 1), 4096, 1000, 8, new CountingRunner(), TimeProvider.System);
        for (var i = 0; i < requests; i++)
        {
            engine.AddRequest(new EngineCoreRequest
            {
                RequestId = $"{i}", PromptTokenIds = [1, 2, 3, i % 50, 4], SamplingParams = new SamplingParams { MaxTokens = 2000, StopTokenIds = [999] }, EosTokenIds = [998],
                Tenant = $"tenant {i % 3}", Deadline = long.MaxValue - i, ForkOf = i % 4 == 1 ? $"{i - 1}" : null,
            });
        }

        // One that waits, so that tokens are charged; far fewer prompts than it needs are free.
        engine.AddRequest(new EngineCoreRequest { RequestId = "waits", PromptTokenIds = [5], SamplingParams = new SamplingParams { MaxTokens = 2000 }, Tenant = "other" });
        var outputs = new List<EngineCoreOutput>();
        long blocks = 0, allocated = 0;

        // Long enough for the just-in-time compiler to be done with it; what it allocates in between counts for nobody.
        for (var round = 0; round < 5; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var step = 0; step < MeasuredSteps; step++)
            {
                engine.Step(outputs);
                blocks = engine.Stats.KVSlots / 16;
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        outputs.Should().HaveCount(Math.Min(requests + 1, 256));
        blocks.Should().BeGreaterThan(requests * (MeasuredSteps * 4 / 16), "blocks are allocated, filled and hashed all the time");
        allocated.Should().Be(0, $"{MeasuredSteps} steps of {requests} requests are measured");
    }

    /// <summary>Always the same token: what it stands for is of no interest here.</summary>
    private sealed class CountingRunner : IModelRunner
    {
        public Kernels.Device Device => Kernels.Device.Cpu;

        public void CheckDevice()
        {
        }

        private readonly ModelRunnerOutput output = new();

        public ModelRunnerOutput Execute(SchedulerOutput step)
        {
            output.Clear();
            var fork = 0;
            for (var i = 0; i < step.Requests.Count; i++)
            {
                if (step.Requests[i].Samples)
                {
                    Add();
                }

                for (; fork < step.Forks.Count && step.Forks[fork].Parent == i; fork++)
                {
                    Add();
                }
            }

            return output;
        }

        public void Dispose()
        {
        }

        private void Add()
        {
            output.Add(new SampledToken(7, null));
            output.EndRequest();
        }
    }
}
