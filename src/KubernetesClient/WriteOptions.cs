namespace Octavo.KubernetesClient;

/// <summary>Query of a create, update or patch.</summary>
public sealed record WriteOptions
{
    public string? FieldManager { get; init; }

    /// <summary>Ignore, Warn or Strict; absent: the server's default.</summary>
    public string? FieldValidation { get; init; }

    public bool DryRun { get; init; }
}
