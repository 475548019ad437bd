namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>
/// The engine as its one owner thread sees it. Real: <c>EngineCore</c>; tests of the front end use a scripted one.
/// No member may be called from two threads.
/// </summary>
public interface IEngineCore : IDisposable
{
    /// <summary>Queues a request; its outputs come from later steps.</summary>
    void AddRequest(EngineCoreRequest request);

    /// <summary>Drops a request and frees its blocks before the next step; unknown ids are ignored. No output follows.</summary>
    void AbortRequest(string requestId);

    bool HasUnfinishedRequests { get; }

    /// <summary>One schedule, one forward pass, one sampling. Never throws for a single request's fault: that becomes an output with Error.</summary>
    /// <param name="outputs">Cleared, then filled; the caller's, so that none is made for each step.</param>
    void Step(List<EngineCoreOutput> outputs);

    /// <summary>What computes: cpu, or cuda with its number.</summary>
    string Device => "cpu";

    /// <summary>Throws where the device works no more. For an engine with nothing to do: a step would say so itself.</summary>
    void CheckDevice();

    /// <summary>Makes every cached block unfindable. Requests that run keep theirs.</summary>
    void ResetPrefixCache();

    EngineStats Stats { get; }

    /// <summary>Most tokens of prompt and output together.</summary>
    int MaxModelLen { get; }

    int VocabSize { get; }

    /// <summary>Dimensions of an embedding that is not cut.</summary>
    int HiddenSize { get; }

    int NumBlocks { get; }

    int BlockSize { get; }

    /// <summary>How keys and values are kept: float32, bfloat16, int8 or fp8_e4m3.</summary>
    string KVCacheDType { get; }
}
