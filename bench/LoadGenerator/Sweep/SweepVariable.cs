namespace Octavo.LoadGenerator.Sweep;

/// <summary>What changes from one point of a sweep to the next.</summary>
internal enum SweepVariable
{
    MaxConcurrency,
    RequestRate,

    /// <summary>Servers, compared with one another: each round sends all of them the same prompts in turn.</summary>
    BaseUrl,
}
