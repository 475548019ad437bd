using Octavo.ServingRuntime.Kernels;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Octavo.ServingRuntime.Engine.Sampling;

/// <summary>What one thread needs to choose a token from a row of logits that is more than its largest.</summary>
internal sealed class RowSampler(IKernelBackend backend, int vocabSize)
{
    /// <summary>Instead of a token: the request's restrictions forbid all.</summary>
    public const int Nothing = ISamplingKernels.Nothing;

    /// <summary>Instead of a token: the logits are not numbers.</summary>
    public const int Corrupted = ISamplingKernels.Corrupted;

    private readonly float[] row = new float[vocabSize];
    private readonly LogitsProcessor processor = new(vocabSize);
    private readonly TokenPicker picker = new(vocabSize);

    /// <param name="logits">[1, V].</param>
    /// <param name="position">Where.</param>
    /// <param name="changes">Whether the request may change them.</param>
    /// <param name="allowed">What the request's constraint allows; empty: everything.</param>
    /// <param name="mustEnd">The constraint leaves nothing but stop tokens.</param>
    public int Choose(in Tensor logits, in SamplingPosition position, bool changes, ReadOnlySpan<uint> allowed, bool mustEnd)
    {
        backend.CopyToHost(logits, row.AsSpan());
        if (changes)
        {
            processor.Apply(position, allowed, mustEnd, row);
        }

        var token = TensorPrimitives.IndexOfMax<float>(row);
        if (!float.IsFinite(row[token]))
        {
            return float.IsNegativeInfinity(row[token]) ? Nothing : Corrupted;
        }

        // Keyed by the number of tokens before it, so that recomputing changes nothing.
        var parameters = position.Request.SamplingParams;
        return parameters.IsGreedy ? token : picker.Pick(row, row[token], parameters, CounterRandom.Uniform(position.Request.SamplingSeed, position.Tokens.Length));
    }
}
