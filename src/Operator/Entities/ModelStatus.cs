namespace Octavo.Operator.Entities;

/// <summary>The model's files, and how far their fetch has come.</summary>
public sealed record ModelStatus
{
    /// <summary>Revision of the source that was fetched, such as a commit of the Hugging Face Hub.</summary>
    public string? Revision { get; init; }

    /// <summary>SHA-256 of the manifest of what was fetched, in hex.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Bytes that are present.</summary>
    public long? Bytes { get; init; }

    /// <summary>Bytes of all files.</summary>
    public long? TotalBytes { get; init; }

    /// <summary>Bytes in a second, while a fetch runs.</summary>
    public long? BytesPerSecond { get; init; }

    /// <summary>Seconds that the fetch will take at this speed.</summary>
    public long? RemainingSeconds { get; init; }
}
