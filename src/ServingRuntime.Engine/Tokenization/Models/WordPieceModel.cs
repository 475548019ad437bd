using Octavo.ServingRuntime.Engine.Tokenization.Buffers;

namespace Octavo.ServingRuntime.Engine.Tokenization.Models;

/// <summary>WordPiece (BERT): from left to right the longest token that fits; a piece that cannot be covered, or is too long, is the unknown token as a whole.</summary>
internal sealed class WordPieceModel(TokenizerVocabulary vocabulary, string unknownToken, string continuingPrefix, int mostChars) : TokenizerModel
{
    private readonly int unknownId = vocabulary.Find(unknownToken) ?? throw new TokenizerFormatException($"tokenizer.json: the unknown token '{unknownToken}' is not in the vocabulary");
    private readonly PieceCache cache = new();

    public override int VocabularySize => vocabulary.Count;

    public override IEnumerable<KeyValuePair<string, int>> Vocabulary => vocabulary.Ids;

    public override int? TokenToId(string token) => vocabulary.Find(token);

    public override string? IdToToken(int id) => vocabulary.Token(id);

    public override void Tokenize(ReadOnlySpan<char> piece, EncodingScratch scratch)
    {
        if (piece.Length > PieceKey.MostChars)
        {
            TokenizeNew(piece, scratch.Ids);
            return;
        }

        var key = new PieceKey(piece);
        if (!cache.TryAppend(key, scratch.Ids))
        {
            var before = scratch.Ids.Count;
            TokenizeNew(piece, scratch.Ids);
            cache.Add(key, scratch.Ids.Ids[before..]);
        }
    }

    private void TokenizeNew(ReadOnlySpan<char> piece, IdBuffer output)
    {
        var before = output.Count;
        if (!IsTooLong(piece) && TryCover(piece, output))
        {
            return;
        }

        output.Truncate(before);
        output.Add(unknownId);
    }

    private bool TryCover(ReadOnlySpan<char> piece, IdBuffer output)
    {
        var room = new char[continuingPrefix.Length + piece.Length];
        continuingPrefix.CopyTo(room);
        for (int start = 0, end; start < piece.Length; start = end)
        {
            var prefix = start > 0 ? continuingPrefix.Length : 0;
            end = Math.Min(piece.Length, start + Math.Max(vocabulary.LongestToken - prefix, 1));
            var rest = room.AsSpan(continuingPrefix.Length - prefix);
            piece[start..end].CopyTo(rest[prefix..]);
            int id;
            while (!vocabulary.TryFind(rest[..(prefix + end - start)], out id) || !IsBetweenCharacters(piece, end))
            {
                if (--end == start)
                {
                    return false;
                }
            }

            output.Add(id);
        }

        return true;
    }

    private bool IsTooLong(ReadOnlySpan<char> piece)
    {
        if (piece.Length <= mostChars)
        {
            return false;
        }

        var count = 0;
        foreach (var _ in piece.EnumerateRunes())
        {
            count++;
        }

        return count > mostChars;
    }

    private static bool IsBetweenCharacters(ReadOnlySpan<char> text, int at) => at >= text.Length || !char.IsLowSurrogate(text[at]);
}
