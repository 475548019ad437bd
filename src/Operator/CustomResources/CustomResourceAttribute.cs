namespace Octavo.Operator.CustomResources;

/// <summary>What a CustomResourceDefinition says of its kind beyond group, version and names.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class CustomResourceAttribute : Attribute
{
    public required string Singular { get; init; }
    public string[] ShortNames { get; init; } = [];
    public string[] Categories { get; init; } = [];

    /// <summary>Paths of the scale subresource; all three or none.</summary>
    public string? SpecReplicasPath { get; init; }

    public string? StatusReplicasPath { get; init; }
    public string? LabelSelectorPath { get; init; }
}
