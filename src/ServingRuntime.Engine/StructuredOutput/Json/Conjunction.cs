namespace Octavo.ServingRuntime.Engine.StructuredOutput.Json;

/// <summary>
/// Subschemas that a value must satisfy together, and which branch of their alternatives (anyOf, oneOf) was taken. Merging two schemas is joining their pointers;
/// what they demand together is read off by <see cref="SchemaFactsReader"/>.
/// </summary>
internal sealed class Conjunction
{
    private readonly SortedSet<string> pointers;
    private readonly SortedDictionary<string, int> branches;

    public Conjunction(params IEnumerable<string> pointers)
    {
        this.pointers = new SortedSet<string>(pointers, StringComparer.Ordinal);
        branches = new SortedDictionary<string, int>(StringComparer.Ordinal);
        Key = string.Join(' ', this.pointers);
    }

    private Conjunction(SortedSet<string> pointers, SortedDictionary<string, int> branches)
    {
        this.pointers = pointers;
        this.branches = branches;
        Key = $"{string.Join(' ', pointers)} | {string.Join(' ', branches.Select(b => $"{b.Key}={b.Value}"))}";
    }

    public IReadOnlyCollection<string> Pointers => pointers;

    /// <summary>Equal for equal conjunctions.</summary>
    public string Key { get; }

    /// <summary>Where it stands, for messages.</summary>
    public string Where => pointers.FirstOrDefault() ?? "#";

    public int? BranchOf(string alternatives) => branches.TryGetValue(alternatives, out var branch) ? branch : null;

    public Conjunction Taking(string alternatives, int branch)
        => new(pointers, new SortedDictionary<string, int>(branches, StringComparer.Ordinal) { [alternatives] = branch });
}
