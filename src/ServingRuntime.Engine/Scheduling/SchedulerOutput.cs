namespace Octavo.ServingRuntime.Engine.Scheduling;

/// <summary>A request's part of a step: the next <paramref name="NumTokens"/> tokens after its computed ones, the last <paramref name="NumDraftTokens"/> of them guessed.</summary>
public readonly record struct ScheduledRequest(Request Request, int NumTokens, int NumDraftTokens = 0)
{
    /// <summary>The step reaches its last token, so a new one is sampled.</summary>
    public bool Samples => Request.NumComputedTokens + NumTokens - NumDraftTokens == Request.NumTokens;
}

/// <summary>One step's work; the only thing that the model runner sees. Reused: valid until the next schedule.</summary>
public sealed class SchedulerOutput
{
    private readonly List<ScheduledRequest> requests = [];

    public IReadOnlyList<ScheduledRequest> Requests => requests;

    public int TotalTokens { get; private set; }

    internal void Clear()
    {
        requests.Clear();
        TotalTokens = 0;
    }

    internal void Add(Request request, int numTokens)
    {
        requests.Add(new ScheduledRequest(request, numTokens));
        TotalTokens += numTokens;
    }

    /// <summary>Takes a request out again; returns the tokens that it had.</summary>
    internal int Remove(Request request)
    {
        var at = requests.FindIndex(scheduled => ReferenceEquals(scheduled.Request, request));
        if (at < 0)
        {
            return 0;
        }

        var tokens = requests[at].NumTokens;
        requests.RemoveAt(at);
        TotalTokens -= tokens;
        return tokens;
    }
}
