namespace Octavo.ServingRuntime.Engine.Tokenization.Models;

/// <summary>Symbols of the part that is being read.</summary>
internal ref struct SymbolRow(Span<int> room)
{
    private readonly Span<int> room = room;
    private int count;

    /// <summary>Whether an unknown token has been seen that is not written yet.</summary>
    public bool UnknownPending { get; set; }

    public void Add(int symbol) => room[count++] = symbol;

    /// <summary>The symbols so far; the row begins anew over the same memory.</summary>
    public Span<int> Take()
    {
        var taken = room[..count];
        count = 0;
        return taken;
    }
}
