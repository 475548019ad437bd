using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.Resources;

/// <summary>One resource in one served version: what discovery says of it, and how its objects are stored.</summary>
internal sealed record ResourceDefinition
{
    /// <summary>The verbs of an ordinary custom resource, in the order that a real server lists them.</summary>
    public static IReadOnlyList<string> CustomResourceVerbs { get; } =
        ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

    /// <summary>Empty for core.</summary>
    public required string Group { get; init; }

    public required string Version { get; init; }

    public required string Kind { get; init; }

    public required string Plural { get; init; }

    public required string Singular { get; init; }

    /// <summary>The kind of a list answer.</summary>
    public string ListKind { get; init; } = "";

    public required bool Namespaced { get; init; }

    public required IReadOnlyList<string> Verbs { get; init; }

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public IReadOnlyList<string> Categories { get; init; } = [];

    public IReadOnlyList<SubresourceDefinition> Subresources { get; init; } = [];

    /// <summary>True for a resource that a CustomResourceDefinition made.</summary>
    public bool IsCustom { get; init; }

    /// <summary>The structural schema of a custom resource; built-in schemas are found by kind.</summary>
    public ResourceSchema? Schema { get; init; }

    /// <summary>The schema of the version that objects are stored in, where a custom resource's storage version is another one; else null.</summary>
    public ResourceSchema? StorageSchema { get; init; }

    /// <summary>additionalPrinterColumns; empty means Name and Age.</summary>
    public IReadOnlyList<PrinterColumn> PrinterColumns { get; init; } = [];

    /// <summary>Paths that field selectors may name besides metadata.name and metadata.namespace, without the leading dot.</summary>
    public IReadOnlyList<string> SelectableFields { get; init; } = [];

    /// <summary>Null for resources without a scale subresource.</summary>
    public ScalePaths? Scale { get; init; }

    /// <summary>The apiVersion that objects are stored with.</summary>
    public string StorageApiVersion { get; init; } = "";

    /// <summary>Text of the Warning header that every answer of a deprecated version carries.</summary>
    public string? DeprecationWarning { get; init; }

    /// <summary>The collection in the store; several versions, and core and events.k8s.io events, share one.</summary>
    public GroupResource Storage { get; init; }

    /// <summary>`v1` or `apps/v1`.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>`deployments.apps`, as errors name the resource.</summary>
    public string QualifiedPlural => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    public SubresourceDefinition? FindSubresource(string name) => Subresources.FirstOrDefault(s => s.Name == name);

    public bool HasVerb(string verb) => Verbs.Contains(verb);
}
