using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Layers;

/// <summary>Sizes and names of a mixture of experts.</summary>
/// <param name="NumExperts">Experts in all.</param>
/// <param name="ExpertsPerToken">How many a token goes to.</param>
/// <param name="IntermediateSize">Of each expert.</param>
/// <param name="Renormalize">Whether the chosen experts' weights are made to sum to 1.</param>
/// <param name="SharedIntermediateSize">Of one more expert that every token goes to, weighted by a sigmoid gate of its own; null: none.</param>
public sealed record MixtureOfExpertsConfig(
    int NumExperts, int ExpertsPerToken, int IntermediateSize, bool Renormalize, GatedActivation Activation, GatedMlpNames? Names = null, int? SharedIntermediateSize = null);
