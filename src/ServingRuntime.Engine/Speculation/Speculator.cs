using Octavo.ServingRuntime.Engine.Scheduling;

namespace Octavo.ServingRuntime.Engine.Speculation;

/// <summary>Decides who gets drafts for the next step, and how many at most.</summary>
internal sealed class Speculator(SpeculativeOptions options, int maxModelLen, IDraftProposer proposer) : IDisposable
{
    private readonly List<Request> candidates = [];

    /// <summary>Call before each schedule.</summary>
    public void Propose(IReadOnlyList<Request> running)
    {
        candidates.Clear();
        for (var i = 0; i < running.Count; i++)
        {
            var request = running[i];
            request.SetDrafts([]);
            if (running.Count <= options.MaxRunningRequests && Room(request) is > 0 and var room)
            {
                request.Drafting ??= new DraftState(options.NumSpeculativeTokens);
                request.Drafting.Want(room);
                candidates.Add(request);
            }
        }

        if (candidates.Count > 0)
        {
            proposer.Propose(candidates);
        }
    }

    public void Forget(Request request) => proposer.Forget(request);

    public void Dispose() => proposer.Dispose();

    /// <summary>Tokens that a decoding request may get beyond the next one; 0 for others.</summary>
    private int Room(Request request) =>
        request.Pooling is not null || request.NumOutputTokens == 0 || request.NumTokens - request.NumComputedTokens != 1
            ? 0
            : Math.Min(request.SamplingParams.MaxTokens - request.NumOutputTokens, maxModelLen - request.NumTokens) - 1;
}
