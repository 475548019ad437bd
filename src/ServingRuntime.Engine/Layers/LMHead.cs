using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Layers;

/// <summary>Logits, of only those rows that a token is sampled from.</summary>
/// <param name="tied">Embeddings whose weights the head's are, which must stay open; null: it has its own.</param>
public sealed class LMHead(WeightLoader weights, string prefix, int vocabSize, int hiddenSize, Embedding? tied = null) : IDisposable
{
    private readonly IKernelBackend backend = weights.Backend;
    private readonly Linear head = tied?.OwnTable is { } table && weights.Backend.LinearOfTable(table, weights.LinearDType) is { } shared
        ? new Linear(weights.Backend, shared, prefix)
        : new Linear(weights, hiddenSize, bias: false, (prefix, vocabSize));

    /// <summary>float32 [R, vocabulary] for rows int32 [R] of hidden [T, H].</summary>
    public Tensor Forward(in Tensor hidden, in Tensor rows, ActivationArena arena)
    {
        var count = rows.Shape[0];
        Tensor gathered = arena.Take(count, hiddenSize, hidden.DType), logits = arena.Take(count, vocabSize, DType.Float32);
        backend.GatherRows(hidden, rows, gathered);
        head.Forward(gathered, logits);
        return logits;
    }

    public void Dispose() => head.Dispose();
}
