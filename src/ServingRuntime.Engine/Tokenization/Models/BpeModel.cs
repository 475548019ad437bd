using System.Text;
using Octavo.ServingRuntime.Engine.Tokenization.Buffers;
using Octavo.ServingRuntime.Engine.Tokenization.PreTokenizers;

namespace Octavo.ServingRuntime.Engine.Tokenization.Models;

/// <summary>
/// Byte-pair encoding. A piece becomes symbols (characters; or bytes, where a byte-level pre-tokenizer comes before the model and the vocabulary has all 256: then the
/// detour over the alphabet of visible bytes is left out), is cut where no merge can ever cross, and each part is merged by <see cref="SymbolMerger"/>. Short parts are
/// remembered in a cache of bounded size.
/// </summary>
internal sealed class BpeModel : TokenizerModel
{
    private readonly TokenizerVocabulary vocabulary;
    private readonly BpeOptions options;
    private readonly MergeTable merges;
    private readonly SymbolMerger merger;
    private readonly SymbolBorders borders = new();
    private readonly CharacterSymbols characters;
    private readonly InitialSymbols initial;
    private readonly PieceCache pieces = new();

    /// <summary>Of parts of pieces: apart from <see cref="pieces"/>, since ignore_merges holds for whole pieces only.</summary>
    private readonly PieceCache parts;
    private readonly int[]? byteSymbols;

    /// <param name="vocabulary">Tokens and ids.</param>
    /// <param name="mergeList">In order of rank.</param>
    /// <param name="options">The model's switches.</param>
    /// <param name="ofBytes">Whether pieces come before a byte-level pre-tokenizer has written them in its alphabet; only where <see cref="HasAllBytes"/>.</param>
    public BpeModel(TokenizerVocabulary vocabulary, IReadOnlyList<(string Left, string Right)> mergeList, BpeOptions options, bool ofBytes = false)
    {
        this.vocabulary = vocabulary;
        this.options = options;
        parts = options.IgnoreMerges ? new PieceCache() : pieces;
        characters = new CharacterSymbols(vocabulary);
        if (mergeList.Count > MergeTable.MostMerges)
        {
            throw new TokenizerFormatException($"tokenizer.json: more than {MergeTable.MostMerges} merges");
        }

        merges = new MergeTable(Resolve(mergeList));
        merger = new SymbolMerger(merges);
        initial = new InitialSymbols(vocabulary, characters, options);
        byteSymbols = ofBytes ? [.. Enumerable.Range(0, 256).Select(value => characters[ByteAlphabet.CharOf((byte)value)])] : null;
    }

    public override int VocabularySize => vocabulary.Count;

    public override IEnumerable<KeyValuePair<string, int>> Vocabulary => vocabulary.Ids;

    /// <summary>Whether a vocabulary can take bytes directly.</summary>
    public static bool HasAllBytes(TokenizerVocabulary vocabulary, BpeOptions options)
        => options.ContinuingSubwordPrefix.Length == 0 && options.EndOfWordSuffix.Length == 0
            && Enumerable.Range(0, 256).All(value => vocabulary.TryFind([ByteAlphabet.CharOf((byte)value)], out _));

    public override int? TokenToId(string token) => vocabulary.Find(token);

    public override string? IdToToken(int id) => vocabulary.Token(id);

    public override void Tokenize(ReadOnlySpan<char> piece, EncodingScratch scratch)
    {
        if (piece.Length > PieceKey.MostChars)
        {
            TokenizeNew(piece, scratch);
            return;
        }

        var key = new PieceKey(piece);
        if (!pieces.TryAppend(key, scratch.Ids))
        {
            var before = scratch.Ids.Count;
            TokenizeNew(piece, scratch);
            pieces.Add(key, scratch.Ids.Ids[before..]);
        }
    }

    private List<(int Left, int Right, int Result)> Resolve(IReadOnlyList<(string Left, string Right)> mergeList)
    {
        var resolved = new List<(int, int, int)>(mergeList.Count);
        Span<char> text = stackalloc char[256];
        for (var rank = 0; rank < mergeList.Count; rank++)
        {
            var (left, right) = mergeList[rank];
            // As in the library the prefix's length is taken off whatever the right side begins with.
            var prefix = options.ContinuingSubwordPrefix.Length;
            var tail = right.Length >= prefix ? right.AsSpan(prefix) : throw Absent(rank, left, right);
            var joined = left.Length + tail.Length <= text.Length ? text[..(left.Length + tail.Length)] : new char[left.Length + tail.Length];
            left.CopyTo(joined);
            tail.CopyTo(joined[left.Length..]);
            if (!vocabulary.TryFind(left, out var leftId) || !vocabulary.TryFind(right, out var rightId) || !vocabulary.TryFind(joined, out var result))
            {
                throw Absent(rank, left, right);
            }

            resolved.Add((leftId, rightId, result));
            if (left.Length > 0 && right.Length > 0)
            {
                Rune.DecodeLastFromUtf16(left, out var last, out _);
                Rune.DecodeFromUtf16(right, out var first, out _);
                borders.Add(characters[last.Value], characters[first.Value]);
            }
        }

        return resolved;
    }

    private static TokenizerFormatException Absent(int rank, string left, string right)
        => new($"tokenizer.json: merge {rank} ('{left}' '{right}') names a token that is not in the vocabulary");

    private void TokenizeNew(ReadOnlySpan<char> piece, EncodingScratch scratch)
    {
        if (options.IgnoreMerges && TryWhole(piece, out var whole))
        {
            scratch.Ids.Add(whole);
        }
        else if (byteSymbols is not null)
        {
            TokenizeBytes(piece, scratch);
        }
        else if (options.ContinuingSubwordPrefix.Length > 0 || options.EndOfWordSuffix.Length > 0)
        {
            var symbols = initial.WithAffixes(piece);
            scratch.Ids.AddRange(symbols.AsSpan(0, merger.Merge(symbols, scratch.Merge)));
        }
        else
        {
            TokenizeCharacters(piece, scratch);
        }
    }

    private bool TryWhole(ReadOnlySpan<char> piece, out int id)
    {
        id = -1;
        if (piece.Length > vocabulary.LongestToken)
        {
            return false;
        }

        if (byteSymbols is null)
        {
            return vocabulary.TryFind(piece, out id);
        }

        const int onStack = 512;
        var bytes = piece.Length * 3 <= onStack ? stackalloc byte[onStack] : new byte[piece.Length * 3];
        var count = System.Text.Encoding.UTF8.GetBytes(piece, bytes);
        Span<char> written = count <= onStack ? stackalloc char[onStack] : new char[count];
        for (var i = 0; i < count; i++)
        {
            written[i] = ByteAlphabet.CharOf(bytes[i]);
        }

        return vocabulary.TryFind(written[..count], out id);
    }

    private void TokenizeBytes(ReadOnlySpan<char> piece, EncodingScratch scratch)
    {
        var bytes = scratch.Merge.Bytes(piece.Length * 3);
        var count = System.Text.Encoding.UTF8.GetBytes(piece, bytes);
        var symbols = scratch.Merge.Symbols(count);
        var start = 0;
        for (var i = 0; i < count; i++)
        {
            symbols[i] = byteSymbols![bytes[i]];
            if (i > start && !borders.MayCross(symbols[i - 1], symbols[i]))
            {
                MergePart(symbols[start..i], scratch);
                start = i;
            }
        }

        MergePart(symbols[start..count], scratch);
    }

    private void MergePart(Span<int> symbols, EncodingScratch scratch)
        => scratch.Ids.AddRange(symbols[..merger.Merge(symbols, scratch.Merge)]);

    private void TokenizeCharacters(ReadOnlySpan<char> piece, EncodingScratch scratch)
    {
        // A part must begin and end between two characters that are tokens: what is unknown may fuse with its neighbours.
        var row = new SymbolRow(scratch.Merge.Symbols(piece.Length * InitialSymbols.MostPerChar));
        var start = 0;
        var before = -1;
        for (int at = 0, length; at < piece.Length; at += length)
        {
            var scalar = Patterns.PatternBacktracker.ScalarAt(piece, at, out length);
            var symbol = characters[scalar];
            if (symbol >= 0)
            {
                if (before >= 0 && !borders.MayCross(before, symbol))
                {
                    FlushPart(piece[start..at], ref row, scratch);
                    start = at;
                }

                initial.AddKnown(ref row, symbol);
                before = symbol;
            }
            else
            {
                initial.AddUnknown(ref row, scalar);
                before = -1;
            }
        }

        initial.Finish(ref row);
        FlushPart(piece[start..], ref row, scratch);
    }

    private void FlushPart(ReadOnlySpan<char> text, ref SymbolRow row, EncodingScratch scratch)
    {
        var symbols = row.Take();
        if (symbols.Length < 2)
        {
            scratch.Ids.AddRange(symbols);
            return;
        }

        if (text.Length > PieceKey.MostChars)
        {
            MergePart(symbols, scratch);
            return;
        }

        var key = new PieceKey(text);
        if (!parts.TryAppend(key, scratch.Ids))
        {
            var count = scratch.Ids.Count;
            MergePart(symbols, scratch);
            parts.Add(key, scratch.Ids.Ids[count..]);
        }
    }
}
