namespace Octavo.ServingRuntime.Kernels;

/// <summary>Drawing tokens where the logits are: what a backend may offer beside <see cref="IKernelBackend"/>, so that only tokens come to the host.</summary>
public interface ISamplingKernels
{
    /// <summary>Instead of a token: every logit is negative infinity.</summary>
    const int Nothing = -1;

    /// <summary>Instead of a token: the largest logit is infinite or NaN.</summary>
    const int Corrupted = -2;

    /// <summary>
    /// Draws tokens under temperature, min-p, top-k and top-p, in that order, each over what the one before leaves; tokens are ranked by probability, then by lower id. Each depends on its own row alone,
    /// bit for bit. Returns when they are there.
    /// </summary>
    /// <param name="logits">float32 [R, V].</param>
    /// <param name="largest">int32 [R]: what <see cref="IKernelBackend.ArgMax"/> gave of them.</param>
    /// <param name="rows">Any rows of the logits, also one several times.</param>
    /// <param name="tokens">One for each of <paramref name="rows"/>.</param>
    void Sample(in Tensor logits, in Tensor largest, ReadOnlySpan<SamplingRow> rows, Span<int> tokens);
}
