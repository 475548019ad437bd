namespace Octavo.ServingRuntime.Engine.Tokenization.Models;

/// <summary>Tokens and their ids, both ways. Of two tokens with one id the later is what the id reads as.</summary>
internal sealed class TokenizerVocabulary
{
    /// <summary>Beyond it an id is surely a mistake, and tables by id would not fit.</summary>
    public const int MostIds = MergeTable.MostSymbols;

    private readonly Dictionary<string, int> ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup;
    private readonly string?[] tokens;

    public TokenizerVocabulary(Dictionary<string, int> ids)
    {
        this.ids = ids;
        lookup = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        var largest = -1;
        foreach (var (token, id) in ids)
        {
            if (id is < 0 or >= MostIds)
            {
                throw new TokenizerFormatException($"tokenizer.json: the id {id} of '{token}' is not between 0 and {MostIds - 1}");
            }

            largest = Math.Max(largest, id);
            LongestToken = Math.Max(LongestToken, token.Length);
        }

        tokens = new string?[largest + 1];
        foreach (var (token, id) in ids)
        {
            tokens[id] = token;
        }
    }

    public int Count => ids.Count;

    /// <summary>In characters.</summary>
    public int LongestToken { get; }

    public IReadOnlyDictionary<string, int> Ids => ids;

    public int? Find(string token) => ids.TryGetValue(token, out var id) ? id : null;

    public bool TryFind(ReadOnlySpan<char> token, out int id) => lookup.TryGetValue(token, out id);

    public string? Token(int id) => (uint)id < (uint)tokens.Length ? tokens[id] : null;
}
