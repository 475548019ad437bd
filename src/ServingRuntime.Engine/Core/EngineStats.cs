using Octavo.ServingRuntime.Engine.KVCache;
using Octavo.ServingRuntime.Engine.Speculation;

namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>The scheduler's state after a step. Counters are totals since start.</summary>
public readonly record struct EngineStats
{
    public int NumRunning { get; init; }
    public int NumWaiting { get; init; }

    /// <summary>0..1, blocks in use.</summary>
    public double KVCacheUsage { get; init; }

    /// <summary>Tokens, once per request at first admission: looked up, and found in the pool.</summary>
    public long PrefixCacheQueries { get; init; }
    public long PrefixCacheHits { get; init; }

    /// <summary>The same of the second tier: what the pool did not have.</summary>
    public long TierQueries { get; init; }
    public long TierHits { get; init; }

    /// <summary>Null: there is no second tier.</summary>
    public BlockTierStats? Tier { get; init; }
    public long NumPreemptions { get; init; }
    public long RecomputedTokens { get; init; }
    public long UncachedQueuedTokens { get; init; }

    /// <summary>0..1 over the last thousand admissions.</summary>
    public double RecentCacheHitRate { get; init; }

    /// <summary>Live totals of speculative decoding; null before the first step.</summary>
    public SpeculationStats? Speculation { get; init; }

    /// <summary>Tokens computed by the last step.</summary>
    public int StepTokens { get; init; }

    /// <summary>Token slots of the blocks in use, and those of them that hold a token: the difference is internal fragmentation. A block counts once, however many share it.</summary>
    public long KVSlots { get; init; }
    public long KVSlotsFilled { get; init; }

    /// <summary>Steps that computed something.</summary>
    public long Steps { get; init; }

    /// <summary>Time spent in such steps; of it, in deciding what to compute and in taking in the results (scheduler and block pool).</summary>
    public double StepSeconds { get; init; }
    public double ScheduleSeconds { get; init; }

    /// <summary>The same state with totals counted from an earlier one.</summary>
    internal EngineStats Since(in EngineStats earlier) => this with
    {
        PrefixCacheQueries = PrefixCacheQueries - earlier.PrefixCacheQueries,
        PrefixCacheHits = PrefixCacheHits - earlier.PrefixCacheHits,
        TierQueries = TierQueries - earlier.TierQueries,
        TierHits = TierHits - earlier.TierHits,
        Tier = Tier is { } now && earlier.Tier is { } then ? now.Since(then) : Tier,
        NumPreemptions = NumPreemptions - earlier.NumPreemptions,
        RecomputedTokens = RecomputedTokens - earlier.RecomputedTokens,
        Steps = Steps - earlier.Steps,
        StepSeconds = StepSeconds - earlier.StepSeconds,
        ScheduleSeconds = ScheduleSeconds - earlier.ScheduleSeconds,
    };
}
