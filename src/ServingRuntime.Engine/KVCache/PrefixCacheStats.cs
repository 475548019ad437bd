namespace Octavo.ServingRuntime.Engine.KVCache;

/// <summary>Prefix cache hits in tokens, recorded once a request, when it is first admitted.</summary>
public sealed class PrefixCacheStats
{
    private const int Window = 1000;
    private readonly (int Queries, int Hits)[] recent = new (int, int)[Window];
    private long recentQueries;
    private long recentHits;
    private int position;

    public long Queries { get; private set; }

    /// <summary>In the pool.</summary>
    public long Hits { get; private set; }

    /// <summary>Tokens that the pool did not have, and those of them that the second tier had.</summary>
    public long TierQueries { get; private set; }

    public long TierHits { get; private set; }

    /// <summary>0..1 over the last thousand admissions; 0 before the first.</summary>
    public double RecentHitRate => recentQueries == 0 ? 0 : (double)recentHits / recentQueries;

    /// <param name="hits">In the pool or the second tier.</param>
    /// <param name="tierHits">In the second tier.</param>
    public void Record(int queries, int hits, int tierHits = 0)
    {
        Queries += queries;
        Hits += hits - tierHits;
        TierQueries += queries - (hits - tierHits);
        TierHits += tierHits;
        recentQueries += queries - recent[position].Queries;
        recentHits += hits - recent[position].Hits;
        recent[position] = (queries, hits);
        position = (position + 1) % Window;
    }
}
