using Octavo.ServingRuntime.Engine.Scheduling;

namespace Octavo.ServingRuntime.Engine.Speculation;

/// <summary>Guesses at the tokens to come. A wrong guess costs time and nothing else: every token is sampled as without drafts.</summary>
internal interface IDraftProposer : IDisposable
{
    /// <summary>Gives each request as many drafts as it has ideas for, <see cref="DraftState.Wanted"/> at most (<see cref="Request.SetDrafts"/>).</summary>
    /// <param name="requests">Each is decoding: all of its tokens but the last are computed.</param>
    void Propose(IReadOnlyList<Request> requests);

    /// <summary>The request has ended.</summary>
    void Forget(Request request);
}
