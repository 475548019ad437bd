using Octavo.ServingRuntime.Engine.KVCache;
using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Engine.Sampling;
using Octavo.ServingRuntime.Engine.Scheduling;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.ModelRunner;

/// <summary>Owns the KV blocks' memory; turns a step into tensors, runs the model and samples. The model and the backend belong to the caller.</summary>
internal sealed class ModelRunner : IModelRunner
{
    private readonly ICausalLM model;
    private readonly KeyValueBlocks[] cache;
    private readonly InputBatch batch;
    private readonly Sampler sampler;
    private readonly ModelRunnerOutput output = new();

    public ModelRunner(IKernelBackend backend, ICausalLM model, ModelConfig config, KVCacheConfig cacheConfig, EngineOptions options, int maxModelLen)
    {
        this.model = model;
        var size = cacheConfig.BlockSize;
        cache = new KeyValueBlocks[config.NumHiddenLayers];
        for (var layer = 0; layer < cache.Length; layer++)
        {
            cache[layer] = backend.AllocateKeyValueBlocks(cacheConfig.NumBlocks, config.NumKeyValueHeads, config.HeadDim, size);
        }

        batch = new InputBatch(backend, options.MaxNumBatchedTokens, options.MaxNumSeqs, (maxModelLen + size - 1) / size, size);
        sampler = new Sampler(backend, config.VocabSize, options.MaxNumSeqs);
    }

    public ModelRunnerOutput Execute(SchedulerOutput step)
    {
        batch.Fill(step);
        output.Clear();
        var hidden = model.Forward(batch.TokenIds, batch.Metadata, cache);
        if (batch.LogitRows.Shape[0] > 0)
        {
            var logits = model.ComputeLogits(hidden, batch.LogitRows);
            sampler.Sample(logits, step, output);
        }

        return output;
    }

    public void Dispose()
    {
        batch.Dispose();
        sampler.Dispose();
        foreach (var layer in cache)
        {
            layer.Dispose();
        }
    }
}
