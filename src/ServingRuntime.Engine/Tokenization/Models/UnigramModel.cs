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
    private readonly int? unknownId;
    private readonly ByteTokens? byteTokens;
    private readonly double unknownScore;
    private readonly int longest;

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
            longest = Math.Max(longest, tokens[i].Length);
        }

        lookup = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        unknownScore = scores.DefaultIfEmpty(0).Min() - UnknownPenalty;
        byteTokens = byteFallback ? new ByteTokens(vocabulary) : null;
    }

    public override int VocabularySize => tokens.Length;

    public override IEnumerable<KeyValuePair<string, int>> Vocabulary => vocabulary;

    public override int? TokenToId(string token) => vocabulary.TryGetValue(token, out var id) ? id : null;

    public override string? IdToToken(int id) => id >= 0 && id < tokens.Length ? tokens[id] : null;

    public override void Tokenize(string piece, List<int> output)
    {
        var starts = FindBestPath(piece);
        var parts = new List<(int Start, int End, bool Unknown)>();
        for (var end = piece.Length; end > 0;)
        {
            var (start, isUnknown) = starts[end];

            // Neighbours that are both unknown are one.
            if (isUnknown && parts.Count > 0 && parts[^1].Unknown)
            {
                parts[^1] = (start, parts[^1].End, true);
            }
            else
            {
                parts.Add((start, end, isUnknown));
            }

            end = start;
        }

        for (var i = parts.Count - 1; i >= 0; i--)
        {
            AddToken(piece.AsSpan(parts[i].Start, parts[i].End - parts[i].Start), output);
        }
    }

    /// <summary>For each end that is reached: where its best last token begins, and whether that is unknown text.</summary>
    private (int Start, bool Unknown)[] FindBestPath(string piece)
    {
        var best = new double[piece.Length + 1];
        var starts = new (int Start, bool Unknown)[piece.Length + 1];
        Array.Fill(starts, (-1, false));
        for (var start = 0; start < piece.Length;)
        {
            var first = char.IsHighSurrogate(piece[start]) && start + 1 < piece.Length && char.IsLowSurrogate(piece[start + 1]) ? 2 : 1;
            var covered = false;
            for (var length = first; length <= Math.Min(longest, piece.Length - start); length++)
            {
                if (lookup.TryGetValue(piece.AsSpan(start, length), out var id))
                {
                    Offer(start, start + length, scores[id], isUnknown: id == unknownId);
                    covered |= length == first;
                }
            }

            if (!covered)
            {
                Offer(start, start + first, unknownScore, isUnknown: true);
            }

            start += first;
        }

        return starts;

        void Offer(int from, int to, double score, bool isUnknown)
        {
            var sum = best[from] + score;
            if (starts[to].Start < 0 || sum > best[to])
            {
                (best[to], starts[to]) = (sum, (from, isUnknown));
            }
        }
    }

    private void AddToken(ReadOnlySpan<char> text, List<int> output)
    {
        if (lookup.TryGetValue(text, out var id))
        {
            output.Add(id);
        }
        else if (!(byteTokens is not null && byteTokens.TryAppend(text, output)) && unknownId is { } unknown)
        {
            output.Add(unknown);
        }
    }
}
