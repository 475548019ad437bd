namespace Octavo.ServingRuntime.Engine.ModelRunner;

/// <summary>One entry for each scheduled request that samples, in the scheduler's order. Reused: valid until the next step.</summary>
public sealed class ModelRunnerOutput
{
    internal List<SampledToken> MutableSamples { get; } = [];

    public IReadOnlyList<SampledToken> Samples => MutableSamples;
}
