using Octavo.ServingRuntime.Engine.KVCache;

namespace Octavo.ServingRuntime.Engine.Scheduling;

/// <summary>
/// Whose blocks are taken when they run out: lowest priority first; then one that frees a block at all, since taking what others hold too frees
/// nothing; then the one that loses the fewest computed tokens, counting only those in blocks that nobody else holds; among equals the youngest, which
/// loses least by waiting again. A total order, so the choice depends on the requests alone.
/// </summary>
internal static class PreemptionPolicy
{
    /// <param name="running">Not empty.</param>
    public static Request ChooseVictim(List<Request> running, KVCacheManager cache)
    {
        var victim = running[0];
        var cost = cache.CostOfPreempting(victim);
        for (var i = 1; i < running.Count; i++)
        {
            var candidate = running[i];
            if (candidate.Priority < victim.Priority)
            {
                continue;
            }

            // Who loses more than the best so far loses to it, unless by priority or because the best frees nothing.
            var decides = candidate.Priority == victim.Priority && cost.FreesBlocks;
            var candidateCost = cache.CostOfPreempting(candidate, decides ? cost.LostTokens : int.MaxValue);
            if (IsBetter(candidate, candidateCost, victim, cost))
            {
                (victim, cost) = (candidate, candidateCost);
            }
        }

        return victim;
    }

    private static bool IsBetter(Request left, (int LostTokens, bool FreesBlocks) leftCost, Request right, (int LostTokens, bool FreesBlocks) rightCost)
    {
        if (left.Priority != right.Priority)
        {
            return left.Priority > right.Priority;
        }

        if (leftCost.FreesBlocks != rightCost.FreesBlocks)
        {
            return leftCost.FreesBlocks;
        }

        return leftCost.LostTokens != rightCost.LostTokens ? leftCost.LostTokens < rightCost.LostTokens : left.Arrival > right.Arrival;
    }
}
