using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.Tests.Hosting;

/// <summary>A real engine that waits before each step until a test lets it go.</summary>
internal sealed class GatedEngineCore(IEngineCore core) : IEngineCore
{
    public SemaphoreSlim Steps { get; } = new(0);

    public bool HasUnfinishedRequests => core.HasUnfinishedRequests;

    public EngineStats Stats => core.Stats;

    public int MaxModelLen => core.MaxModelLen;

    public int VocabSize => core.VocabSize;

    public int NumBlocks => core.NumBlocks;

    public int BlockSize => core.BlockSize;

    public string KVCacheDType => core.KVCacheDType;

    public int HiddenSize => core.HiddenSize;

    public void AddRequest(EngineCoreRequest request) => core.AddRequest(request);

    public void AbortRequest(string requestId) => core.AbortRequest(requestId);

    public void ResetPrefixCache() => core.ResetPrefixCache();

    public void CheckDevice() => core.CheckDevice();

    public void Step(List<EngineCoreOutput> outputs)
    {
        Steps.Wait();
        core.Step(outputs);
    }

    public void Dispose()
    {
        core.Dispose();
        Steps.Dispose();
    }
}
