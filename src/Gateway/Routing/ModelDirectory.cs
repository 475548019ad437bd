using System.Collections.Frozen;

namespace Octavo.Gateway.Routing;

/// <summary>Which model name leads to which route: an immutable snapshot.</summary>
internal sealed class ModelDirectory
{
    private readonly FrozenDictionary<string, ModelRoute> byName;
    private readonly FrozenDictionary<string, ModelRoute> byKey;

    public ModelDirectory(IReadOnlyDictionary<string, ModelRoute> byName, IReadOnlyList<ModelRoute> routes, IReadOnlyList<ModelCollision> collisions)
    {
        this.byName = byName.ToFrozenDictionary(StringComparer.Ordinal);
        byKey = routes.ToFrozenDictionary(r => r.Key, StringComparer.Ordinal);
        Routes = routes;
        Collisions = collisions;
        Names = [.. byName.Keys.Order(StringComparer.Ordinal)];
    }

    public static ModelDirectory Empty { get; } = new(new Dictionary<string, ModelRoute>(), [], []);

    public IReadOnlyList<ModelRoute> Routes { get; }

    public IReadOnlyList<ModelCollision> Collisions { get; }

    /// <summary>All names, aliases included, in ordinal order.</summary>
    public IReadOnlyList<string> Names { get; }

    public ModelRoute? Find(string modelName) => byName.GetValueOrDefault(modelName);

    public ModelRoute? FindByKey(string key) => byKey.GetValueOrDefault(key);
}
