namespace Octavo.LocalCluster.Node.Processes;

/// <summary>What to run: everything already resolved to the host.</summary>
internal sealed record ProcessSpecification
{
    public required string FileName { get; init; }
    public IReadOnlyList<string> Arguments { get; init; } = [];
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
    public required string WorkingDirectory { get; init; }
}
