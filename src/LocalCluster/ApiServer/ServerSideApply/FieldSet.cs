using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.ServerSideApply;

/// <summary>
/// A set of field paths, kept as a tree. A node is a member if its path is in the set; its children are longer paths. Mutable while
/// it is built; the operations return new sets and share nothing.
/// </summary>
internal sealed class FieldSet
{
    private readonly SortedDictionary<string, FieldSet> children = new(StringComparer.Ordinal);

    /// <summary>Whether the path that leads here is in the set ('.' in fieldsV1).</summary>
    public bool IsMember { get; set; }

    public bool IsEmpty => !IsMember && children.Values.All(c => c.IsEmpty);

    public IEnumerable<(PathElement Element, FieldSet Set)> Children => children.Select(p => (new PathElement(p.Key), p.Value));

    public FieldSet? Child(PathElement element) => children.GetValueOrDefault(element.Text);

    /// <summary>Reads fieldsV1: an object whose keys are path elements; a leaf is an empty object.</summary>
    /// <exception cref="FormatException">The JSON has another form.</exception>
    public static FieldSet Parse(JsonObject fields)
    {
        var set = new FieldSet();
        foreach (var (key, value) in fields)
        {
            if (key == ".")
            {
                set.IsMember = true;
                continue;
            }

            if (key.Length < 2 || key[1] != ':' || key[0] is not ('f' or 'k' or 'v' or 'i') || value is not JsonObject below)
            {
                throw new FormatException($"{key} is no path element");
            }

            var child = Parse(below);
            child.IsMember |= below.Count == 0;
            set.children[key] = child;
        }

        return set;
    }

    /// <summary>The form that <see cref="Parse"/> reads.</summary>
    public JsonObject Print()
    {
        var result = new JsonObject();
        if (IsMember)
        {
            result["."] = new JsonObject();
        }

        foreach (var (key, child) in children)
        {
            if (child.IsEmpty)
            {
                continue;
            }

            result[key] = child.children.Values.All(c => c.IsEmpty) ? new JsonObject() : child.Print();
        }

        return result;
    }

    public void Insert(ReadOnlySpan<PathElement> path) => Descend(path).IsMember = true;

    public bool Has(ReadOnlySpan<PathElement> path)
    {
        var node = this;
        foreach (var element in path)
        {
            if (node.Child(element) is not { } next)
            {
                return false;
            }

            node = next;
        }

        return node.IsMember;
    }

    public FieldSet Union(FieldSet other) => Combine(this, other, (a, b) => a || b);

    public FieldSet Intersection(FieldSet other) => Combine(this, other, (a, b) => a && b);

    /// <summary>The paths of this set that are not in the other.</summary>
    public FieldSet Difference(FieldSet other) => Combine(this, other, (a, b) => a && !b);

    /// <summary>The paths of this set that are neither in the other nor below a path in it.</summary>
    public FieldSet WithoutBelow(FieldSet other)
    {
        var result = new FieldSet { IsMember = IsMember && !other.IsMember };
        if (other.IsMember)
        {
            return new FieldSet();
        }

        foreach (var (key, child) in children)
        {
            var kept = other.children.TryGetValue(key, out var against) ? child.WithoutBelow(against) : child.Copy();
            if (!kept.IsEmpty)
            {
                result.children[key] = kept;
            }
        }

        return result;
    }

    public FieldSet Copy() => Combine(this, new FieldSet(), (a, _) => a);

    public bool SameAs(FieldSet other) => Difference(other).IsEmpty && other.Difference(this).IsEmpty;

    /// <summary>All members, parents before children, in the order of the text form.</summary>
    public IEnumerable<IReadOnlyList<PathElement>> Paths() => Paths([]);

    internal FieldSet Descend(ReadOnlySpan<PathElement> path)
    {
        var node = this;
        foreach (var element in path)
        {
            if (!node.children.TryGetValue(element.Text, out var next))
            {
                node.children[element.Text] = next = new FieldSet();
            }

            node = next;
        }

        return node;
    }

    private IEnumerable<IReadOnlyList<PathElement>> Paths(PathElement[] prefix)
    {
        if (IsMember)
        {
            yield return prefix;
        }

        foreach (var (key, child) in children)
        {
            foreach (var path in child.Paths([.. prefix, new PathElement(key)]))
            {
                yield return path;
            }
        }
    }

    private static FieldSet Combine(FieldSet? left, FieldSet? right, Func<bool, bool, bool> member)
    {
        var result = new FieldSet { IsMember = member(left?.IsMember ?? false, right?.IsMember ?? false) };
        IEnumerable<string> keys = left is null ? [] : left.children.Keys;
        foreach (var key in right is null ? keys : keys.Union(right.children.Keys, StringComparer.Ordinal))
        {
            var child = Combine(left?.children.GetValueOrDefault(key), right?.children.GetValueOrDefault(key), member);
            if (!child.IsEmpty)
            {
                result.children[key] = child;
            }
        }

        return result;
    }
}
