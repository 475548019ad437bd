using System.Runtime.InteropServices;

namespace Octavo.ServingRuntime.Engine.ModelRunner;

/// <summary>What a step sampled: for each scheduled request that samples, in the scheduler's order and each followed by its forks, one token or more (accepted drafts and the one after). Reused: valid until the next step.</summary>
public sealed class ModelRunnerOutput
{
    private readonly List<SampledToken> tokens = [];
    private readonly List<int> ends = [];

    /// <summary>Requests that sampled.</summary>
    public int Count => ends.Count;

    /// <summary>The tokens of the i-th request that sampled; one at least.</summary>
    public ReadOnlySpan<SampledToken> this[int request]
    {
        get
        {
            var start = request == 0 ? 0 : ends[request - 1];
            return CollectionsMarshal.AsSpan(tokens)[start..ends[request]];
        }
    }

    /// <summary>Makes room beforehand, so that no step does.</summary>
    internal void Reserve(int maxRequests, int maxTokens)
    {
        tokens.EnsureCapacity(maxTokens);
        ends.EnsureCapacity(maxRequests);
    }

    internal void Clear()
    {
        tokens.Clear();
        ends.Clear();
    }

    internal void Add(SampledToken token) => tokens.Add(token);

    /// <summary>The tokens added since the last end are one request's.</summary>
    internal void EndRequest() => ends.Add(tokens.Count);
}
