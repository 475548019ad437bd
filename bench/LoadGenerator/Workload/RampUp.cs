namespace Octavo.LoadGenerator.Workload;

/// <summary>A rate that changes from the first request to the last.</summary>
/// <param name="Exponential">By equal factors instead of equal amounts.</param>
internal sealed record RampUp(bool Exponential, double StartRate, double EndRate)
{
    /// <param name="progress">0..1.</param>
    public double RateAt(double progress) => Exponential
        ? StartRate * Math.Pow(EndRate / StartRate, progress)
        : StartRate + ((EndRate - StartRate) * progress);
}
