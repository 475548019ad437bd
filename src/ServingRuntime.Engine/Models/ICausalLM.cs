using Octavo.ServingRuntime.Engine.ModelRunner;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>A decoder model. Hidden states are valid until its next forward pass, logits until its next logits.</summary>
public interface ICausalLM : IDisposable
{
    /// <summary>Whether the host does a part between the device's, so that passes cannot be replayed.</summary>
    bool NeedsHost { get; }

    /// <summary>Hidden states [T, hidden] after the last norm, in the activations' type, for token ids int32 [T]; stores their keys and values.</summary>
    Tensor Forward(in Tensor tokenIds, in AttentionMetadata metadata, IReadOnlyList<KeyValueBlocks> cache);

    /// <summary>Logits float32 [R, vocabulary] of rows int32 [R] of the hidden states.</summary>
    Tensor ComputeLogits(in Tensor hidden, in Tensor rows);
}
