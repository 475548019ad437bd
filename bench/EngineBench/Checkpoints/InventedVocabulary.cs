namespace Octavo.EngineBench.Checkpoints;

/// <summary>
/// A byte-level BPE vocabulary of any size: the bytes, then tokens that are invented by joining two earlier ones, each with its merge, and three special tokens at the end.
/// Tokens are letters with or without a space before them and about as long as real ones, so that text costs what it costs with a real vocabulary.
/// </summary>
internal sealed class InventedVocabulary
{
    public const int Smallest = 256 + 3;
    public const string EndOfText = "<|endoftext|>";
    public const string MessageStart = "<|im_start|>";
    public const string MessageEnd = "<|im_end|>";
    private const int LongestToken = 12;

    private InventedVocabulary(IReadOnlyList<string> tokens, IReadOnlyList<(string Left, string Right)> merges)
    {
        Tokens = tokens;
        Merges = merges;
    }

    /// <summary>By id, in GPT-2's spelling of bytes; the special ones last.</summary>
    public IReadOnlyList<string> Tokens { get; }

    public IReadOnlyList<(string Left, string Right)> Merges { get; }

    /// <summary>The first special token's id.</summary>
    public int FirstSpecial => Tokens.Count - 3;

    public static InventedVocabulary Create(int size, int seed)
    {
        var tokens = new List<string>(size);
        for (int b = 0, next = 256; b < 256; b++)
        {
            tokens.Add((b is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE ? (char)b : (char)next++).ToString());
        }

        // Grown from letters and the space.
        var pool = tokens.Where(token => token[0] is >= 'a' and <= 'z' or 'Ġ').ToList();
        var known = new HashSet<string>(tokens, StringComparer.Ordinal);
        var merges = new List<(string, string)>(size);
        var random = new Random(seed);
        while (tokens.Count < size - 3)
        {
            string left = pool[random.Next(pool.Count)], right = pool[random.Next(pool.Count)];
            var token = left + right;
            if (right[0] != 'Ġ' && token.Length <= LongestToken && known.Add(token))
            {
                tokens.Add(token);
                pool.Add(token);
                merges.Add((left, right));
            }
        }

        tokens.AddRange([EndOfText, MessageStart, MessageEnd]);
        return new InventedVocabulary(tokens, merges);
    }
}
