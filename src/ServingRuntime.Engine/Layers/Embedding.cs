using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Layers;

/// <summary>Token embeddings, read straight from the mapped file: rows never used are never loaded.</summary>
public sealed class Embedding(WeightLoader weights, string prefix, int vocabSize, int hiddenSize)
{
    private readonly IKernelBackend backend = weights.Backend;
    private readonly Tensor table = weights.Take(prefix + ".weight", vocabSize, hiddenSize);

    public int HiddenSize => hiddenSize;

    public void Forward(in Tensor tokenIds, in Tensor output) => backend.Embedding(table, tokenIds, output);
}
