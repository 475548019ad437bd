using System.Collections.Immutable;

namespace Octavo.LocalCluster.ApiServer.Resources;

/// <summary>
/// Every resource that the server serves: built-in ones from discovery, custom ones as they are registered.
/// Readers see immutable snapshots. Thread-safe.
/// </summary>
internal sealed class ResourceRegistry
{
    private readonly Lock _gate = new();
    private ImmutableList<ResourceDefinition> _definitions;
    private ImmutableDictionary<(string Group, string Version, string Plural), ResourceDefinition> _byName;

    public ResourceRegistry(IEnumerable<ResourceDefinition> builtIn)
    {
        _definitions = [.. builtIn];
        _byName = _definitions.ToImmutableDictionary(d => (d.Group, d.Version, d.Plural));
    }

    /// <summary>All definitions, built-in ones first and in discovery's order.</summary>
    public ImmutableList<ResourceDefinition> All => _definitions;

    public ResourceDefinition? Find(string group, string version, string plural) =>
        _byName.GetValueOrDefault((group, version, plural));

    /// <summary>The definition of a kind, or null.</summary>
    public ResourceDefinition? FindKind(string group, string version, string kind) =>
        _definitions.Find(d => d.Group == group && d.Version == version && d.Kind == kind);

    public bool HasGroup(string group) => _definitions.Exists(d => d.Group == group);

    /// <summary>True when every resource of the group comes from custom resource definitions.</summary>
    public bool IsCustomGroup(string group)
    {
        var definitions = _definitions;
        return definitions.Exists(d => d.Group == group) && definitions.TrueForAll(d => d.Group != group || d.IsCustom);
    }

    /// <summary>Adds the definition, or replaces the one of the same group, version and plural.</summary>
    public void Register(ResourceDefinition definition)
    {
        lock (_gate)
        {
            var key = (definition.Group, definition.Version, definition.Plural);
            _definitions = _byName.TryGetValue(key, out var present)
                ? _definitions.Replace(present, definition)
                : _definitions.Add(definition);
            _byName = _byName.SetItem(key, definition);
        }
    }

    public bool Unregister(string group, string version, string plural)
    {
        lock (_gate)
        {
            if (!_byName.TryGetValue((group, version, plural), out var present))
            {
                return false;
            }

            _definitions = _definitions.Remove(present);
            _byName = _byName.Remove((group, version, plural));
            return true;
        }
    }
}
