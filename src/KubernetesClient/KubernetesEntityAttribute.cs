namespace Octavo.KubernetesClient;

/// <summary>Where a kind lives in the API.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class KubernetesEntityAttribute : Attribute
{
    /// <summary>API group; empty for the core group.</summary>
    public string Group { get; init; } = "";

    public required string ApiVersion { get; init; }
    public required string Kind { get; init; }
    public required string PluralName { get; init; }

    /// <summary>False for kinds such as Node and Namespace.</summary>
    public bool Namespaced { get; init; } = true;
}
