using Octavo.Operator.Entities;

namespace Octavo.Operator.Controller;

/// <summary>
/// Fields that the definition has and this release does nothing with: a spec that sets one is refused with the reason NotBuilt, since to ignore a wish in
/// silence is worse. Whoever builds a field takes its line away.
/// </summary>
internal static class UnbuiltFields
{
    private static readonly (string Path, Func<InferenceServiceSpec, bool> IsSet)[] Fields =
    [
        ("spec.storage.fill", s => s.Storage?.Fill is not (null or "Init")),
    ];

    /// <summary>Paths of the fields that are set and not built.</summary>
    public static IReadOnlyList<string> In(InferenceServiceSpec spec) => [.. Fields.Where(f => f.IsSet(spec)).Select(f => f.Path)];
}
