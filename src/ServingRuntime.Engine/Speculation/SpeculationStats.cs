using Octavo.ServingRuntime.Engine.Scheduling;

namespace Octavo.ServingRuntime.Engine.Speculation;

/// <summary>Totals since start, as vLLM counts them. Written by the engine's thread; a reader on another may see one step half counted.</summary>
public sealed class SpeculationStats(int positions)
{
    private readonly long[] acceptedPerPosition = new long[positions];

    /// <summary>Requests and steps that had drafts.</summary>
    public long NumDrafts { get; private set; }

    public long NumDraftTokens { get; private set; }

    public long NumAcceptedTokens { get; private set; }

    /// <summary>How often the draft at each position held.</summary>
    public IReadOnlyList<long> AcceptedPerPosition => acceptedPerPosition;

    /// <param name="sampled">Tokens that came of it: all but the last were drafts.</param>
    internal void Record(in ScheduledRequest scheduled, int sampled)
    {
        var (drafted, accepted) = (scheduled.NumDraftTokens, sampled - 1);
        if (drafted == 0)
        {
            return;
        }

        scheduled.Request.Drafting?.Note(drafted, accepted);
        NumDrafts++;
        NumDraftTokens += drafted;
        NumAcceptedTokens += accepted;
        for (var i = 0; i < accepted; i++)
        {
            acceptedPerPosition[i]++;
        }
    }
}
