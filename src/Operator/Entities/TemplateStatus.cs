using Octavo.Operator.CustomResources;

namespace Octavo.Operator.Entities;

/// <summary>The pod template in use, which an upgrade of the operator leaves as it is.</summary>
public sealed record TemplateStatus
{
    /// <summary>Revision of the operator's code that made the template.</summary>
    public string? Revision { get; init; }

    /// <summary>Hash of the template.</summary>
    public string? Hash { get; init; }

    /// <summary>Image of the runtime in the template.</summary>
    public string? Image { get; init; }

    /// <summary>What this operator would write differently for the same spec, path by path; applied with the next change of the spec. Absent: nothing.</summary>
    [Schema(MaxItems = 16, ListType = "atomic")]
    public IReadOnlyList<string>? Pending { get; init; }
}
