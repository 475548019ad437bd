namespace Octavo.ServingRuntime.Engine.Tests.Golden;

/// <summary>What transformers' logits in a narrow type differ by from those in float32.</summary>
internal sealed record GoldenDifference(float Max, float Mean);
