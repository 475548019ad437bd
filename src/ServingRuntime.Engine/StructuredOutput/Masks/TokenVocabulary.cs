using Octavo.ServingRuntime.Engine.Tokenization;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Masks;

/// <summary>The tokens of a model as what they add to a text, and the added tokens, which stand for no text of their own. Immutable; one a tokenizer.</summary>
internal sealed class TokenVocabulary
{
    private readonly byte[] bytes;
    private readonly int[] start;
    private readonly bool[] isAdded;
    private readonly bool[] writable = new bool[256];
    private readonly Dictionary<string, int> addedByContent = new(StringComparer.Ordinal);

    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="size">Width of the model's logits; tokens beyond it cannot be sampled.</param>
    public TokenVocabulary(Tokenizer tokenizer, int size)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        Size = size;
        isAdded = new bool[size];
        var added = new SortedSet<int>();
        foreach (var token in tokenizer.AddedTokens)
        {
            if (token.Id < size)
            {
                isAdded[token.Id] = true;
                added.Add(token.Id);
                addedByContent[token.Content] = token.Id;
            }
        }

        AddedTokenIds = [.. added];
        start = new int[size + 1];
        var all = new List<byte>(size * 6);
        for (var id = 0; id < size; id++)
        {
            if (!isAdded[id])
            {
                all.AddRange(tokenizer.TokenBytes(id));
                if (all.Count - start[id] == 1)
                {
                    writable[all[^1]] = true;
                }
            }

            start[id + 1] = all.Count;
        }

        bytes = [.. all];
        Trie = new VocabularyTrie(this);
    }

    public int Size { get; }

    /// <summary>Words of a mask.</summary>
    public int MaskWords => (Size + 31) / 32;

    public VocabularyTrie Trie { get; }

    public IReadOnlyList<int> AddedTokenIds { get; }

    /// <summary>What the token adds to the text; empty for added tokens and ids without a token.</summary>
    public ReadOnlySpan<byte> BytesOf(int id) => (uint)id < (uint)Size ? bytes.AsSpan(start[id]..start[id + 1]) : default;

    public bool IsAdded(int id) => (uint)id < (uint)Size && isAdded[id];

    /// <summary>Whether a token is this one byte: then a text that needs it can always go on.</summary>
    public bool CanWrite(byte value) => writable[value];

    /// <summary>The first added token in a text.</summary>
    public bool TryFindAddedToken(ReadOnlySpan<char> text, out int at, out int length, out int id)
    {
        (at, length, id) = (int.MaxValue, 0, -1);
        foreach (var (content, token) in addedByContent)
        {
            var index = content.Length == 0 ? -1 : text.IndexOf(content, StringComparison.Ordinal);
            if (index >= 0 && (index < at || (index == at && content.Length > length)))
            {
                (at, length, id) = (index, content.Length, token);
            }
        }

        return id >= 0;
    }
}
