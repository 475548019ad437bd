using Octavo.Operator.Entities;

namespace Octavo.Operator.Dialects;

/// <summary>The dialects by name.</summary>
internal static class RuntimeDialects
{
    public static readonly IReadOnlyList<IRuntimeDialect> All = [new OctavoDialect(), new VllmDialect(), new SglangDialect()];

    /// <summary>What the service's image speaks; Octavo where it does not say.</summary>
    public static IRuntimeDialect Of(V1Alpha1InferenceService service) => Of(service.Spec.Runtime?.Dialect);

    /// <exception cref="ArgumentException">No dialect has that name; the schema lets only those through that have.</exception>
    public static IRuntimeDialect Of(string? name) =>
        name is null ? All[0] : All.FirstOrDefault(d => d.Name == name) ?? throw new ArgumentException($"no dialect is named {name}", nameof(name));
}
