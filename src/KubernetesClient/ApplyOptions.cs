namespace Octavo.KubernetesClient;

/// <summary>Query of a server-side apply.</summary>
public sealed record ApplyOptions
{
    public required string FieldManager { get; init; }

    /// <summary>Takes fields over from other managers instead of failing with a conflict.</summary>
    public bool Force { get; init; }

    /// <summary>"status" for the status subresource.</summary>
    public string? Subresource { get; init; }

    public bool DryRun { get; init; }
}
