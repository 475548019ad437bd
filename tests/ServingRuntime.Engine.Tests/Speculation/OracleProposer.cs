using Octavo.ServingRuntime.Engine.Scheduling;
using Octavo.ServingRuntime.Engine.Speculation;

namespace Octavo.ServingRuntime.Engine.Tests.Speculation;

/// <summary>Knows what a request will say and tells it, but errs in one draft of so many.</summary>
internal sealed class OracleProposer(Func<string, IReadOnlyList<int>?> outputOf, int errsInOneOf, int seed) : IDraftProposer
{
    private readonly Random random = new(seed);

    public List<string> Forgotten { get; } = [];

    public void Propose(IReadOnlyList<Request> requests)
    {
        foreach (var request in requests)
        {
            var output = outputOf(request.Id);
            var drafts = new int[random.Next(request.Drafting!.Wanted + 1)];
            for (var i = 0; i < drafts.Length; i++)
            {
                var at = request.NumOutputTokens + i;
                drafts[i] = output is null || at >= output.Count || random.Next(errsInOneOf) == 0 ? random.Next(4096) : output[at];
            }

            request.SetDrafts(drafts);
        }
    }

    public void Forget(Request request) => Forgotten.Add(request.Id);

    public void Dispose()
    {
    }
}
