using Octavo.ServingRuntime.Engine.KVCache;

namespace Octavo.ServingRuntime.Engine.Scheduling;

/// <summary>A request's part of a step: the next <paramref name="NumTokens"/> tokens after its computed ones, the last <paramref name="NumDraftTokens"/> of them guessed.</summary>
public readonly record struct ScheduledRequest(Request Request, int NumTokens, int NumDraftTokens = 0)
{
    /// <summary>The step reaches its last token, so a new one is sampled.</summary>
    public bool Samples => Request.NumComputedTokens + NumTokens - NumDraftTokens == Request.NumTokens;
}

/// <summary>A request without tokens of its own in this step: its first token is sampled from the same row of logits as that of its parent.</summary>
/// <param name="Parent">The parent's index in <see cref="SchedulerOutput.Requests"/>; it samples.</param>
public readonly record struct ScheduledFork(int Parent, Request Request);

/// <summary>One step's work; the only thing that the model runner sees. Reused: valid until the next schedule.</summary>
public sealed class SchedulerOutput(BlockMoves moves)
{
    private readonly List<ScheduledRequest> requests = [];
    private readonly List<ScheduledFork> forks = [];

    public IReadOnlyList<ScheduledRequest> Requests => requests;

    /// <summary>In the order of their parents. They sample right after their parent, in this order.</summary>
    public IReadOnlyList<ScheduledFork> Forks => forks;

    /// <summary>To be done before the forward pass.</summary>
    public BlockMoves Moves => moves;

    public int TotalTokens { get; private set; }

    internal void Clear()
    {
        requests.Clear();
        forks.Clear();
        moves.Clear();
        TotalTokens = 0;
    }

    internal void Add(Request request, int numTokens, int numDraftTokens = 0)
    {
        requests.Add(new ScheduledRequest(request, numTokens, numDraftTokens));
        TotalTokens += numTokens;
    }

    internal void AddFork(int parent, Request fork) => forks.Add(new ScheduledFork(parent, fork));

    /// <summary>Takes a request out again; returns the tokens that it had.</summary>
    internal int Remove(Request request)
    {
        for (var i = 0; i < requests.Count; i++)
        {
            if (ReferenceEquals(requests[i].Request, request))
            {
                var tokens = requests[i].NumTokens;
                requests.RemoveAt(i);
                TotalTokens -= tokens;
                return tokens;
            }
        }

        return 0;
    }
}
