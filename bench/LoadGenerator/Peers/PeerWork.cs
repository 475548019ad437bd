namespace Octavo.LoadGenerator.Peers;

/// <summary>One thing that several programs do, and what of it is measured.</summary>
/// <param name="Name">As --only names it.</param>
/// <param name="Sides">Octavo first.</param>
/// <param name="Measures">What is compared.</param>
internal sealed record PeerWork(string Name, string Title, IReadOnlyList<PeerSide> Sides, IReadOnlyList<PeerMeasure> Measures);

/// <summary>A program that does a work.</summary>
/// <param name="Name">Of the program.</param>
/// <param name="Measure">Does the work once: measures by their keys.</param>
/// <param name="MostRounds">For what is slow and steady; null: as many as the others.</param>
internal sealed record PeerSide(string Name, Func<CancellationToken, Task<IReadOnlyDictionary<string, double>>> Measure, int? MostRounds = null);

/// <param name="Key">In what sides measure.</param>
/// <param name="Unit">As tables show it.</param>
/// <param name="SmallerIsBetter">Such as times: ratios are turned round.</param>
/// <param name="Targets">Least ratio to reach, by the other side's name.</param>
internal sealed record PeerMeasure(string Key, string Unit, bool SmallerIsBetter, IReadOnlyDictionary<string, double> Targets);
