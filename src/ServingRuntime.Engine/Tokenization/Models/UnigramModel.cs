using System.Text;
using Octavo.ServingRuntime.Engine.Tokenization.Buffers;

namespace Octavo.ServingRuntime.Engine.Tokenization.Models;

/// <summary>
/// Unigram language model (Kudo, arXiv 1804.10959): of all ways to cut a piece into tokens the one whose log-probabilities sum highest, found from left to right; the
/// first found among equals, as in Hugging Face's library. A character that no token covers costs ten less than the worst token.
/// </summary>
internal sealed class UnigramModel : TokenizerModel
{
    private const double UnknownPenalty = 10;
    private readonly string[] tokens;
    private readonly double[] scores;
    private readonly Dictionary<string, int> vocabulary;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup;
    private readonly TokenTrie trie;
    private readonly int? unknownId;
    private readonly ByteTokens? byteTokens;
    private readonly double unknownScore;
    private readonly PieceCache cache = new();

    /// <param name="entries">Tokens with their scores; the place is the id.</param>
    /// <param name="unknownId">Null: text that the vocabulary does not cover is dropped.</param>
    /// <param name="byteFallback">Whether uncovered text becomes byte tokens where all of them exist.</param>
    public UnigramModel(IReadOnlyList<(string Token, double Score)> entries, int? unknownId, bool byteFallback)
    {
        tokens = [.. entries.Select(entry => entry.Token)];
        scores = [.. entries.Select(entry => entry.Score)];
        if (unknownId is { } id && (id < 0 || id >= tokens.Length))
        {
            throw new TokenizerFormatException($"tokenizer.json: unk_id {id} is outside of the vocabulary");
        }

        this.unknownId = unknownId;
        vocabulary = new Dictionary<string, int>(tokens.Length, StringComparer.Ordinal);
        for (var i = 0; i < tokens.Length; i++)
        {
            vocabulary[tokens[i]] = i;
        }

        lookup = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        trie = new TokenTrie(vocabulary);
        unknownScore = scores.DefaultIfEmpty(0).Min() - UnknownPenalty;
        byteTokens = byteFallback ? new ByteTokens(vocabulary) : null;
    }

    public override int VocabularySize => tokens.Length;

    public override IEnumerable<KeyValuePair<string, int>> Vocabulary => vocabulary;

    public override int? TokenToId(string token) => vocabulary.TryGetValue(token, out var id) ? id : null;

    public override string? IdToToken(int id) => id >= 0 && id < tokens.Length ? tokens[id] : null;

    public override void Tokenize(ReadOnlySpan<char> piece, EncodingScratch scratch)
    {
        if (piece.Length > PieceKey.MostChars)
        {
            TokenizeNew(piece, scratch);
            return;
        }

        var key = new PieceKey(piece);
        if (!cache.TryAppend(key, scratch.Ids))
        {
            var before = scratch.Ids.Count;
            TokenizeNew(piece, scratch);
            cache.Add(key, scratch.Ids.Ids[before..]);
        }
    }

    private void TokenizeNew(ReadOnlySpan<char> piece, EncodingScratch scratch)
    {
        var starts = scratch.Merge.Next(piece.Length + 1);
        var chosen = scratch.Merge.Previous(piece.Length + 1);
        FindBestPath(piece, starts, chosen, scratch.Merge.Scores(piece.Length + 1));

        // The path is found from its end; its steps are written from the end of the array on. Neighbours that are both unknown are one.
        var steps = scratch.Merge.Symbols(piece.Length);
        var first = piece.Length;
        var lastWasUnknown = false;
        for (var end = piece.Length; end > 0;)
        {
            var start = starts[end];
            var isUnknown = chosen[end] == (unknownId ?? -1);
            if (!(isUnknown && lastWasUnknown))
            {
                first--;
            }

            steps[first] = start;
            lastWasUnknown = isUnknown;
            end = start;
        }

        for (var i = first; i < piece.Length; i++)
        {
            AddToken(piece[steps[i]..(i + 1 < piece.Length ? steps[i + 1] : piece.Length)], scratch.Ids);
        }
    }

    /// <summary>For each end that is reached: where its best last token begins, and that token, or the unknown one.</summary>
    private void FindBestPath(ReadOnlySpan<char> piece, Span<int> starts, Span<int> chosen, Span<double> best)
    {
        starts[..(piece.Length + 1)].Fill(-1);
        best[0] = 0;
        for (var start = 0; start < piece.Length;)
        {
            var first = char.IsHighSurrogate(piece[start]) && start + 1 < piece.Length && char.IsLowSurrogate(piece[start + 1]) ? 2 : 1;
            var covered = false;
            var node = TokenTrie.Root;
            for (var end = start; end < piece.Length;)
            {
                node = trie.Next(node, piece[end++]);
                if (node < 0)
                {
                    break;
                }

                if (trie.IdAt(node) is >= 0 and var id)
                {
                    Offer(best[start] + scores[id], start, end, id, starts, chosen, best);
                    covered |= end - start == first;
                }
            }

            if (!covered)
            {
                Offer(best[start] + unknownScore, start, start + first, unknownId ?? -1, starts, chosen, best);
            }

            start += first;
        }
    }

    private static void Offer(double sum, int from, int to, int id, Span<int> starts, Span<int> chosen, Span<double> best)
    {
        if (starts[to] < 0 || sum > best[to])
        {
            (best[to], starts[to], chosen[to]) = (sum, from, id);
        }
    }

    private void AddToken(ReadOnlySpan<char> text, IdBuffer output)
    {
        if (lookup.TryGetValue(text, out var id))
        {
            output.Add(id);
            return;
        }

        if (byteTokens is not null)
        {
            var bytes = new byte[Encoding.UTF8.GetByteCount(text)];
            Encoding.UTF8.GetBytes(text, bytes);
            if (byteTokens.HasAll(bytes))
            {
                foreach (var value in bytes)
                {
                    output.Add(byteTokens[value]);
                }

                return;
            }
        }

        if (unknownId is { } unknown)
        {
            output.Add(unknown);
        }
    }
}
