using Octavo.Operator.Entities;

namespace Octavo.Operator.Dialects;

/// <summary>The dialects by name.</summary>
internal static class RuntimeDialects
{
    private static readonly IReadOnlyList<IRuntimeDialect> All = [new OctavoDialect()];

    /// <summary>What the service's image speaks; Octavo where it does not say.</summary>
    public static IRuntimeDialect Of(V1Alpha1InferenceService service) => All[0];
}
