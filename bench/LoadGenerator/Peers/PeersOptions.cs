namespace Octavo.LoadGenerator.Peers;

/// <summary>What a comparison is started with.</summary>
internal sealed record PeersOptions
{
    /// <summary>Folder of Octavo's executables.</summary>
    public required string Bin { get; init; }

    /// <summary>Root of the peers' file system, entered with chroot; "/": they are installed here.</summary>
    public required string Peers { get; init; }

    /// <summary>The peers' Python program.</summary>
    public required string TransformersProgram { get; init; }

    /// <summary>Folder of results.</summary>
    public required string Results { get; init; }

    public string Shape { get; init; } = "qwen2.5-0.5b";

    public int Threads { get; init; } = Environment.ProcessorCount;

    public int Rounds { get; init; } = 3;

    /// <summary>Names of works; empty: all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>One round, fewer tokens and requests: says whether everything runs, not how fast.</summary>
    public bool Quick { get; init; }

    /// <summary>What the peers need of us, in this file system.</summary>
    public string Folder => Path.Combine(Peers, "srv", "octavo-bench");

    /// <summary>The same as the peers see it.</summary>
    public string PeerFolder => Peers == "/" ? Folder : "/srv/octavo-bench";

    /// <summary>Where the random checkpoint lies, in this file system.</summary>
    public string Checkpoint => Path.Combine(Folder, Shape);

    /// <summary>The same as the peers see it.</summary>
    public string PeerCheckpoint => Path.Combine(PeerFolder, Shape);
}
