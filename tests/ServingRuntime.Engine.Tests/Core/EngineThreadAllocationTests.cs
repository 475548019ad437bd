using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Metrics;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

public sealed class EngineThreadAllocationTests
{
    /// <summary>The core here allocates nothing, so all that is counted is the thread's own: taking commands, publishing, waking readers, metrics.</summary>
    [Fact]
    public async Task Run_SteadyDecode_AllocatesNothing()
    {
        const int requests = 8;
        var core = new CountingCore(requests, steps: 4000);
        var tokenizer = Tokenizer.Load(Path.Combine(Repository.TinyModel, "tokenizer.json"));
        using var factory = new UnscopedMeterFactory();
        await using var llm = new AsyncLlm(core, tokenizer, new AsyncLlmOptions(), new EngineMetrics(factory, "m", 128), TimeProvider.System, NullLogger.Instance);

        await Task.WhenAll(Enumerable.Range(0, requests).Select(i => Task.Run(async () =>
        {
            var tokens = 0;
            await foreach (var output in llm.GenerateAsync(
                new GenerationRequest { RequestId = $"r{i}", PromptTokenIds = [1], SamplingParams = new SamplingParams { MaxTokens = 4000 } }, CancellationToken.None))
            {
                tokens += output.NewTokenIds.Count;
            }

            tokens.Should().Be(4000);
        })));

        // Growth of buffers, of the pool's queue and of jitted code comes early; a reader that lags makes a mailbox grow now and then, which doubling keeps rare.
        core.StepsThatAllocated.Should().BeLessThan(40, "at most a buffer grows now and then, of {0} steps in the second half", 2000);
    }

    private sealed class CountingCore(int requests, int steps) : IEngineCore
    {
        private readonly List<string> ids = [];
        private int step;
        private long before;

        public int StepsThatAllocated { get; private set; }

        // Nothing before all are there, so that every step has the same number.
        public bool HasUnfinishedRequests => ids.Count == requests && step < steps;

        public EngineStats Stats => new() { NumRunning = ids.Count, StepTokens = ids.Count };

        public int MaxModelLen => 8192;

        public int VocabSize => 4096;

        public int HiddenSize => 128;

        public int NumBlocks => 64;

        public int BlockSize => 16;

        public string KVCacheDType => "float32";

        public void AddRequest(EngineCoreRequest request) => ids.Add(request.RequestId);

        public void AbortRequest(string requestId)
        {
        }

        public void ResetPrefixCache()
        {
        }

        public void CheckDevice()
        {
        }

        public void Step(List<EngineCoreOutput> outputs)
        {
            if (step > steps / 2 && GC.GetAllocatedBytesForCurrentThread() != before)
            {
                StepsThatAllocated++;
            }

            step++;
            outputs.Clear();
            foreach (var id in ids)
            {
                outputs.Add(new EngineCoreOutput { RequestId = id, NewTokenId = 70, FinishReason = step == steps ? FinishReason.Length : null, FirstScheduledTimestamp = 1 });
            }

            // The pace of a small model, so that readers keep up.
            Thread.SpinWait(2000);
            before = GC.GetAllocatedBytesForCurrentThread();
        }

        public void Dispose()
        {
        }
    }

    private sealed class UnscopedMeterFactory : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(options);

        public void Dispose()
        {
        }
    }
}
