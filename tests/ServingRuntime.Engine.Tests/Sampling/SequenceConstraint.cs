using Octavo.ServingRuntime.Engine.StructuredOutput;

namespace Octavo.ServingRuntime.Engine.Tests.Sampling;

/// <summary>A hand-made constraint: at its n-th token any of the n-th set; afterwards stop tokens alone.</summary>
internal sealed class SequenceConstraint(params int[][] steps) : ITokenConstraintSource
{
    /// <summary>After these positions stop tokens are allowed, too.</summary>
    public HashSet<int> MayEndAfter { get; init; } = [];

    /// <summary>The call that throws: 0 is the creation, then masks and accepted tokens count.</summary>
    public int? ThrowsAt { get; init; }

    public List<int> Accepted { get; } = [];

    public IReadOnlyList<int>? StopTokens { get; private set; }

    public ITokenConstraint Create(IReadOnlyList<int> stopTokenIds)
    {
        StopTokens = stopTokenIds;
        var state = new State(this, steps, stopTokenIds);
        state.ThrowIfDue();
        return state;
    }

    private sealed class State(SequenceConstraint source, int[][] steps, IReadOnlyList<int> stops) : ITokenConstraint
    {
        private int position;
        private int calls;

        public bool IsComplete => position >= steps.Length;

        public bool TryFillMask(Span<uint> mask)
        {
            ThrowIfDue();
            if (position < steps.Length && steps[position].Length == 0)
            {
                return false;
            }

            mask.Clear();
            foreach (var token in position < steps.Length ? steps[position] : [])
            {
                mask[token / 32] |= 1u << (token % 32);
            }

            foreach (var stop in position >= steps.Length || source.MayEndAfter.Contains(position) ? stops : [])
            {
                mask[stop / 32] |= 1u << (stop % 32);
            }

            return true;
        }

        public void Accept(int tokenId)
        {
            ThrowIfDue();
            position = stops.Contains(tokenId) ? steps.Length : position + 1;
            source.Accepted.Add(tokenId);
        }

        public void ThrowIfDue()
        {
            if (calls++ == source.ThrowsAt)
            {
                throw new InvalidOperationException("the constraint broke");
            }
        }
    }
}
