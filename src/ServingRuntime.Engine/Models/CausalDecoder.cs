using Octavo.ServingRuntime.Engine.Layers;
using Octavo.ServingRuntime.Engine.ModelRunner;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>Embeddings, layers, a last norm, a head: what the decoder-only models have in common. Each model's own file puts one together.</summary>
public sealed class CausalDecoder(IKernelBackend backend, Embedding embedding, IReadOnlyList<DecoderLayer> layers, RmsNorm norm, LMHead head, IReadOnlyList<RotaryEmbedding> rotaries)
    : ICausalLM
{
    private readonly ActivationArena arena = new(backend);
    private (long Used, long Demand) afterForward;

    /// <summary>Of what layers hand on to each other; the residual stream and the logits are float32.</summary>
    public DType ActivationType { get; init; } = DType.Float32;

    /// <summary>Factor of the embeddings; 1: none.</summary>
    public float EmbeddingScale { get; init; } = 1f;

    /// <summary>Bound of the logits, by tanh; 0: none.</summary>
    public float LogitSoftCap { get; init; }

    public bool NeedsHost => embedding.NeedsHost || layers.Any(layer => layer.FeedForward.NeedsHost);

    internal IReadOnlyList<DecoderLayer> Layers => layers;

    public Tensor Forward(in Tensor tokenIds, in AttentionMetadata metadata, IReadOnlyList<KeyValueBlocks> cache)
    {
        arena.Reset();
        var tokens = tokenIds.Shape[0];
        Tensor residual = arena.Take(tokens, embedding.HiddenSize, DType.Float32), hidden = arena.Take(tokens, embedding.HiddenSize, ActivationType);
        embedding.Forward(tokenIds, residual);
        if (EmbeddingScale != 1f)
        {
            backend.Scale(residual, EmbeddingScale);
        }

        for (var i = 0; i < layers.Count; i++)
        {
            layers[i].Forward(hidden, residual, isFirst: i == 0, metadata, cache[i], arena);
        }

        norm.ForwardAdd(hidden, residual, hidden);
        afterForward = arena.Mark();
        return hidden;
    }

    public Tensor ComputeLogits(in Tensor hidden, in Tensor rows)
    {
        // Logits of more rows than are asked for at once take turns in the same memory.
        arena.Release(afterForward);
        var logits = head.Forward(hidden, rows, arena);
        if (LogitSoftCap > 0)
        {
            backend.SoftCap(logits, LogitSoftCap);
        }

        return logits;
    }

    public void Dispose()
    {
        foreach (var layer in layers)
        {
            layer.Dispose();
        }

        embedding.Dispose();
        norm.Dispose();
        head.Dispose();
        foreach (var rotary in rotaries)
        {
            rotary.Dispose();
        }

        arena.Dispose();
    }
}
