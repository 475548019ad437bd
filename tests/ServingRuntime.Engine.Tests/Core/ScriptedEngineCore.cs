using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

/// <summary>An engine that gives each request the tokens of a script, one a step, and waits before a step where a test says so.</summary>
internal sealed class ScriptedEngineCore(Func<EngineCoreRequest, IReadOnlyList<int>> script) : IEngineCore
{
    private readonly List<(EngineCoreRequest Request, Queue<int> Tokens)> running = [];
    private readonly Lock gate = new();
    private readonly List<string> aborted = [];

    /// <summary>Each step takes one; by default there are plenty.</summary>
    public SemaphoreSlim Steps { get; init; } = new(int.MaxValue);

    public Exception? Fault { get; set; }

    /// <summary>What a request for an embedding gets; null: it is refused.</summary>
    public float[]? Embedding { get; init; }

    public IReadOnlyList<string> Aborted
    {
        get
        {
            lock (gate)
            {
                return [.. aborted];
            }
        }
    }

    public TaskCompletionSource Disposed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool HasUnfinishedRequests => running.Count > 0;

    public EngineStats Stats => new() { NumRunning = running.Count, StepTokens = running.Count };

    public int MaxModelLen { get; init; } = 128;

    public int VocabSize => 4096;

    public int HiddenSize => 128;

    public int NumBlocks => 64;

    public int BlockSize => 16;

    public string KVCacheDType => "float32";

    public void AddRequest(EngineCoreRequest request) => running.Add((request, new Queue<int>(script(request))));

    public void AbortRequest(string requestId)
    {
        running.RemoveAll(r => r.Request.RequestId == requestId);
        lock (gate)
        {
            aborted.Add(requestId);
        }
    }

    public int CacheResets { get; private set; }

    public void ResetPrefixCache() => CacheResets++;

    /// <summary>What an idle engine finds out about its device.</summary>
    public Exception? DeviceFault { get; set; }

    public void CheckDevice()
    {
        if (DeviceFault is { } fault)
        {
            throw fault;
        }
    }

    public void Step(List<EngineCoreOutput> outputs)
    {
        Steps.Wait();
        if (Fault is { } fault)
        {
            throw fault;
        }

        outputs.Clear();
        foreach (var (request, tokens) in running.ToList())
        {
            if (request.Pooling is not null)
            {
                outputs.Add(Embedding is null
                    ? new EngineCoreOutput { RequestId = request.RequestId, FinishReason = FinishReason.Error, ErrorMessage = "no embedding here" }
                    : new EngineCoreOutput { RequestId = request.RequestId, FinishReason = FinishReason.Stop, Embedding = Embedding });
                running.RemoveAll(r => r.Request.RequestId == request.RequestId);
                continue;
            }

            var token = tokens.Dequeue();
            FinishReason? finish = request.EosTokenIds.Contains(token) ? FinishReason.Stop : tokens.Count == 0 ? FinishReason.Length : null;
            outputs.Add(new EngineCoreOutput { RequestId = request.RequestId, NewTokenId = token, FinishReason = finish, IsStopToken = finish == FinishReason.Stop, FirstScheduledTimestamp = request.ArrivalTimestamp + 1 });
            if (finish is not null)
            {
                running.RemoveAll(r => r.Request.RequestId == request.RequestId);
            }
        }
    }

    public void Dispose() => Disposed.TrySetResult();
}
