namespace Octavo.ServingRuntime.Engine.Tokenization.Models;

/// <summary>
/// Byte-pair encoding: the symbols of a piece are merged pair by pair, the pair of lowest rank first and of those the leftmost, by a priority queue over a
/// linked list, so that a piece of n symbols costs O(n log n) whatever it says.
/// </summary>
internal sealed class BpeModel : TokenizerModel
{
    /// <summary>Pieces up to this length are remembered: they are the words of ordinary text.</summary>
    private const int CachedPieceLength = 32;
    private const int CacheCapacity = 16384;

    private readonly Dictionary<string, int> vocabulary;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup;
    private readonly Dictionary<long, (int Rank, int Id)> merges;
    private readonly Dictionary<int, string> tokens;
    private readonly BpeOptions options;
    private readonly int? unknownId;
    private readonly ByteTokens? byteTokens;
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, int[]> cache = new(StringComparer.Ordinal);

    public BpeModel(Dictionary<string, int> vocabulary, IReadOnlyList<(string Left, string Right)> mergeList, BpeOptions options)
    {
        this.vocabulary = vocabulary;
        this.options = options;
        lookup = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        tokens = new Dictionary<int, string>(vocabulary.Count);
        foreach (var (token, id) in vocabulary)
        {
            tokens[id] = token;
        }

        merges = new Dictionary<long, (int, int)>(mergeList.Count);
        for (var rank = 0; rank < mergeList.Count; rank++)
        {
            var (left, right) = mergeList[rank];
            if (!vocabulary.TryGetValue(left, out var leftId) || !vocabulary.TryGetValue(right, out var rightId)
                || !vocabulary.TryGetValue(left + right, out var merged))
            {
                throw new TokenizerFormatException($"tokenizer.json: merge {rank} ('{left}' '{right}') names a token that is not in the vocabulary");
            }

            merges[Key(leftId, rightId)] = (rank, merged);
        }

        unknownId = options.UnknownToken is { } unknown && vocabulary.TryGetValue(unknown, out var id2) ? id2 : null;
        byteTokens = options.ByteFallback ? new ByteTokens(vocabulary) : null;
    }

    public override int VocabularySize => vocabulary.Count;

    public override int? TokenToId(string token) => vocabulary.TryGetValue(token, out var id) ? id : null;

    public override string? IdToToken(int id) => tokens.GetValueOrDefault(id);

    public override IEnumerable<KeyValuePair<string, int>> Vocabulary => vocabulary;

    public override void Tokenize(string piece, List<int> output)
    {
        if (options.IgnoreMerges && vocabulary.TryGetValue(piece, out var whole))
        {
            output.Add(whole);
            return;
        }

        if (piece.Length > CachedPieceLength)
        {
            output.AddRange(Merge(piece));
            return;
        }

        if (!cache.TryGetValue(piece, out var ids))
        {
            ids = [.. Merge(piece)];
            if (cache.Count < CacheCapacity)
            {
                cache[piece] = ids;
            }
        }

        output.AddRange(ids);
    }

    private static long Key(int left, int right) => ((long)left << 32) | (uint)right;

    private List<int> Merge(string piece)
    {
        var ids = InitialSymbols(piece);
        var count = ids.Count;
        if (count < 2)
        {
            return ids;
        }

        var next = new int[count];
        var previous = new int[count];
        // Smallest rank first, then leftmost: both fit one key.
        var queue = new PriorityQueue<(int At, int Id), long>(count);
        for (var i = 0; i < count; i++)
        {
            next[i] = i + 1 < count ? i + 1 : -1;
            previous[i] = i - 1;
            Offer(i);
        }

        while (queue.TryDequeue(out var candidate, out _))
        {
            var at = candidate.At;
            // Stale where one of the two has been merged away or into something else since.
            if (ids[at] < 0 || next[at] < 0 || !merges.TryGetValue(Key(ids[at], ids[next[at]]), out var merge) || merge.Id != candidate.Id)
            {
                continue;
            }

            var gone = next[at];
            ids[at] = merge.Id;
            ids[gone] = -1;
            next[at] = next[gone];
            if (next[at] >= 0)
            {
                previous[next[at]] = at;
            }

            if (previous[at] >= 0)
            {
                Offer(previous[at]);
            }

            Offer(at);
        }

        ids.RemoveAll(id => id < 0);
        return ids;

        void Offer(int at)
        {
            if (next[at] >= 0 && merges.TryGetValue(Key(ids[at], ids[next[at]]), out var merge))
            {
                queue.Enqueue((at, merge.Id), ((long)merge.Rank << 32) | (uint)at);
            }
        }
    }

    /// <summary>One symbol a scalar; what the vocabulary lacks becomes bytes, or the unknown token, or nothing.</summary>
    private List<int> InitialSymbols(string piece)
    {
        var ids = new List<int>(piece.Length);
        var lastWasUnknown = false;
        for (var at = 0; at < piece.Length;)
        {
            var length = char.IsHighSurrogate(piece[at]) && at + 1 < piece.Length ? 2 : 1;
            var symbol = piece.AsSpan(at, length);
            at += length;
            if (lookup.TryGetValue(symbol, out var id))
            {
                ids.Add(id);
                lastWasUnknown = false;
            }
            else if (byteTokens is not null && byteTokens.TryAppend(symbol, ids))
            {
                lastWasUnknown = false;
            }
            else if (unknownId is { } unknown)
            {
                if (!(lastWasUnknown && options.FuseUnknown))
                {
                    ids.Add(unknown);
                }

                lastWasUnknown = true;
            }
        }

        return ids;
    }
}

/// <summary>The switches of a BPE model; Hugging Face's names.</summary>
internal sealed record BpeOptions
{
    public string? UnknownToken { get; init; }
    public bool FuseUnknown { get; init; }
    public bool ByteFallback { get; init; }

    /// <summary>A piece that is a token as a whole is that token, whatever the merges say.</summary>
    public bool IgnoreMerges { get; init; }
}
