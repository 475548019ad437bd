namespace Octavo.ServingRuntime.Engine.StructuredOutput;

/// <summary>
/// Which tokens one request may sample next. Its state follows the request's own output, so it survives preemption. Called by the engine's thread alone,
/// once a token: it allocates nothing where it can and must never throw for any token that its own mask allowed.
/// </summary>
public interface ITokenConstraint
{
    /// <summary>Writes which tokens may come next.</summary>
    /// <param name="mask">ceil(vocabulary / 32) words; token t is bit t % 32 of word t / 32. Overwritten. At least one bit is set.</param>
    /// <returns>False: anything may come, and the mask was not written.</returns>
    bool TryFillMask(Span<uint> mask);

    /// <summary>Takes in the token that was sampled under the last mask.</summary>
    void Accept(int tokenId);

    /// <summary>The output is complete and only stop tokens may follow: the request may be ended without one.</summary>
    bool IsComplete { get; }
}
