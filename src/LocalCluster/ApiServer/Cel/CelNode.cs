namespace Octavo.LocalCluster.ApiServer.Cel;

/// <summary>A node of a parsed expression. <paramref name="Position"/> is the offset in the source.</summary>
internal abstract record CelNode(int Position)
{
    /// <param name="Value">null, bool, long, ulong, double, string or byte[].</param>
    public sealed record Literal(object? Value, int Position) : CelNode(Position);

    public sealed record Identifier(string Name, int Position) : CelNode(Position);

    /// <param name="Test">has(operand.field): whether the field is there.</param>
    /// <param name="Optional">operand.?field: an optional value.</param>
    public sealed record Select(CelNode Operand, string Field, bool Test, bool Optional, int Position) : CelNode(Position);

    /// <param name="Target">The receiver; null for functions and operators (operators are named by their text, such as "+").</param>
    public sealed record Call(CelNode? Target, string Function, IReadOnlyList<CelNode> Arguments, int Position) : CelNode(Position);

    public sealed record List(IReadOnlyList<CelNode> Items, int Position) : CelNode(Position);

    public sealed record Map(IReadOnlyList<(CelNode Key, CelNode Value)> Entries, int Position) : CelNode(Position);

    /// <summary>all, exists, exists_one, map and filter over a list or the keys of a map.</summary>
    /// <param name="Predicate">The condition; null for map with two arguments.</param>
    /// <param name="Transform">What map makes of an item; null for the others.</param>
    public sealed record Comprehension(string Macro, CelNode Range, string Variable, CelNode? Predicate, CelNode? Transform, int Position) : CelNode(Position);
}
