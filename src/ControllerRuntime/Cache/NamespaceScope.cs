namespace Octavo.ControllerRuntime.Cache;

/// <summary>All namespaces, or some. Equal where the same namespaces are meant.</summary>
public sealed class NamespaceScope : IEquatable<NamespaceScope>
{
    public static readonly NamespaceScope All = new([]);

    private NamespaceScope(IReadOnlyList<string> names) => Names = names;

    /// <summary>Sorted, each once; empty: all.</summary>
    public IReadOnlyList<string> Names { get; }

    public bool IsAll => Names.Count == 0;

    /// <summary>What has to be asked for, one after another: null stands for all namespaces at once.</summary>
    internal IReadOnlyList<string?> Paths => IsAll ? [null] : [.. Names];

    /// <summary>The namespaces that are named; all where none is.</summary>
    public static NamespaceScope Of(params IEnumerable<string?> names) =>
        new([.. names.OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]);

    public bool Contains(string? name) => IsAll || (name is not null && Names.Contains(name, StringComparer.Ordinal));

    public bool Equals(NamespaceScope? other) => other is not null && Names.SequenceEqual(other.Names, StringComparer.Ordinal);

    public override bool Equals(object? obj) => Equals(obj as NamespaceScope);

    public override int GetHashCode() => Names.Aggregate(0, (hash, name) => HashCode.Combine(hash, name));

    public override string ToString() => IsAll ? "all namespaces" : string.Join(", ", Names);
}
