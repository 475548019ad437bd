using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.KVCache;
using Octavo.ServingRuntime.Engine.ModelRunner;
using Octavo.ServingRuntime.Engine.Scheduling;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Scheduling;

/// <summary>A scheduler whose model answers with one token, always.</summary>
internal sealed class SchedulerBench
{
    private readonly KVCacheManager cache;
    private readonly Dictionary<string, Request> requests = [];

    public SchedulerBench(int blocks, int budget, int sequences = 8, double watermark = 0, bool caching = true, int longPrefill = 0)
    {
        cache = new KVCacheManager(new BlockPool(blocks), 16, caching);
        var options = new EngineOptions
        {
            ModelPath = "", MaxNumBatchedTokens = budget, MaxNumSeqs = sequences, AdmissionWatermark = watermark, EnablePrefixCaching = caching, LongPrefillTokenThreshold = longPrefill,
        };
        Scheduler = new Scheduler(cache, options, 10_000, Time);
    }

    public Scheduler Scheduler { get; }

    public FakeTimeProvider Time { get; } = new();

    public List<EngineCoreOutput> Outputs { get; private set; } = [];

    public long Preemptions => Scheduler.NumPreemptions;

    public long Recomputed => Scheduler.RecomputedTokens;

    public int UsedBlocks => cache.Pool.UsedCount;

    public IReadOnlyList<Kernels.BlockCopy> Copies { get; private set; } = [];

    /// <param name="content">Requests of equal content begin with the same tokens; by default all differ.</param>
    public void Add(string id, int promptTokens, int priority = 0, int maxTokens = 1000, string? tenant = null, TimeSpan? deadline = null, string? forkOf = null, int? content = null)
    {
        var first = (content ?? (requests.Count + 100)) * 1000;
        var source = new EngineCoreRequest
        {
            RequestId = id, Priority = priority, SamplingParams = new SamplingParams { MaxTokens = maxTokens }, Tenant = tenant,
            Deadline = deadline is { } after ? Time.GetTimestamp() + after.Ticks : null,
            PromptTokenIds = [.. Enumerable.Range(first, promptTokens)],
        };
        requests[id] = new Request(source, requests.Count, 0);
        Scheduler.Add(requests[id], forkOf is null ? null : requests[forkOf]);
    }

    public Request this[string id] => requests[id];

    public void Finish(string id) => Scheduler.Finish(requests[id]);

    /// <returns>What ran, as "id:tokens", forks that begin as "+id".</returns>
    public string Step(Func<string, int>? token = null)
    {
        Outputs = [];
        Scheduler.Expire(Outputs);
        var step = Scheduler.Schedule();
        Copies = step.Moves.Copies.ToArray();
        var text = new List<string>();
        var result = new ModelRunnerOutput();
        for (var i = 0; i < step.Requests.Count; i++)
        {
            text.Add($"{step.Requests[i].Request.Id}:{step.Requests[i].NumTokens}");
            if (step.Requests[i].Samples)
            {
                Sample(step.Requests[i].Request);
            }

            foreach (var fork in step.Forks.Where(fork => fork.Parent == i))
            {
                text.Add($"+{fork.Request.Id}");
                Sample(fork.Request);
            }
        }

        Scheduler.UpdateFromOutput(result, Outputs);
        Check();
        return string.Join(' ', text);

        void Sample(Request request)
        {
            var id = token?.Invoke(request.Id) ?? 9;
            result.Add(id < 0 ? SampledToken.Failed("not a number (NaN)") : new SampledToken(id, null));
            result.EndRequest();
        }
    }

    public void Check() => cache.Pool.CheckIntegrity();
}
