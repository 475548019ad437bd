using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Octavo.ServingRuntime.Engine.Sampling;

/// <summary>
/// Draws a token from adjusted logits under temperature, min-p, top-k and top-p (in that order, each over what the one before leaves; vLLM's
/// order). The vocabulary is never sorted: vector passes collect the likely tokens, lowering the bar until they hold what is to be kept, and the cut is
/// found among those by selection. Tokens are ranked by probability, then by lower id, so it is unique. The draw goes through what is kept in the order of ids, as a device's kernel does: one seed gives
/// the same token on both, but for a rounding at the very border of two. Sums have one fixed order.
/// </summary>
internal sealed class TokenPicker(int vocabSize)
{
    private const int SumBlock = 256;

    // Up to so many are sorted by their ids; more are collected again in that order.
    private const int SortedCandidates = 512;
    private readonly float[] weights = new float[vocabSize];
    private readonly int[] candidates = new int[vocabSize];
    private readonly double[] blockSums = new double[(vocabSize + SumBlock - 1) / SumBlock];

    // Weights are relative to the most likely token's. A pass over the vocabulary costs far less than selecting among many candidates does.
    private static ReadOnlySpan<float> Bars => [1f / 4, 1f / 32, 1f / 256, 1f / 65536, 1e-9f];

    /// <param name="logits">At most <paramref name="max"/>, and negative infinity for what is forbidden. Overwritten.</param>
    /// <param name="max">The largest, finite.</param>
    /// <param name="uniform">In [0, 1).</param>
    public int Pick(Span<float> logits, float max, SamplingParams parameters, double uniform)
    {
        TensorPrimitives.Subtract(logits, max, logits);
        TensorPrimitives.Divide(logits, parameters.Temperature, logits);
        TensorPrimitives.Exp<float>(logits, weights);
        var limitedK = parameters.TopK > 0 && parameters.TopK < vocabSize;
        return limitedK || parameters.TopP < 1 || parameters.MinP > 0
            ? Draw(InOrderOfIds(Cut(parameters, limitedK ? parameters.TopK : vocabSize)), uniform)
            : DrawFromAll(uniform);
    }

    private int Draw(int count, double uniform)
    {
        var target = uniform * Mass(count);
        var sum = 0.0;
        for (var i = 0; i < count - 1; i++)
        {
            sum += weights[candidates[i]];
            if (sum > target)
            {
                return candidates[i];
            }
        }

        return candidates[count - 1];
    }

    private int DrawFromAll(double uniform)
    {
        var target = uniform * SumBlocks(least: float.Epsilon);
        var (block, picked) = (0, 0);
        var sum = 0.0;
        for (; block < blockSums.Length - 1 && sum + blockSums[block] <= target; block++)
        {
            sum += blockSums[block];
        }

        // Rounding may leave the target past the block's end: then it is its last token that can be.
        for (var id = block * SumBlock; id < Math.Min((block + 1) * SumBlock, vocabSize); id++)
        {
            if (weights[id] > 0)
            {
                picked = id;
                sum += weights[id];
                if (sum > target)
                {
                    break;
                }
            }
        }

        return picked;
    }

    /// <summary>The first candidates in the order of their ids.</summary>
    private int InOrderOfIds(int count)
    {
        if (count <= SortedCandidates)
        {
            candidates.AsSpan(0, count).Sort();
            return count;
        }

        var last = candidates[0];
        for (var i = 1; i < count; i++)
        {
            last = Precedes(last, candidates[i]) ? candidates[i] : last;
        }

        var (kept, collected) = (0, Collect(weights[last]));
        for (var i = 0; i < collected; i++)
        {
            if (!Precedes(last, candidates[i]))
            {
                candidates[kept++] = candidates[i];
            }
        }

        return kept;
    }

    /// <summary>Makes the tokens that stay the first candidates, in no order.</summary>
    /// <returns>How many; one at least.</returns>
    private int Cut(SamplingParams parameters, int topK)
    {
        var least = Math.Max(parameters.MinP, float.Epsilon);
        var wanted = topK < vocabSize || parameters.TopP >= 1 ? 0 : parameters.TopP * SumBlocks(least);
        var count = 0;
        foreach (var bar in Bars)
        {
            if (bar <= least)
            {
                break;
            }

            // All that a lower bar would add comes after what this one has found.
            count = Collect(bar);
            if (topK < vocabSize ? count >= topK : parameters.TopP < 1 && Mass(count) >= wanted)
            {
                return CutAmong(count, parameters.TopP, topK, wanted);
            }
        }

        return CutAmong(Collect(least), parameters.TopP, topK, wanted);
    }

    /// <param name="wanted">What top-p keeps at least, where top-k does not come first.</param>
    private int CutAmong(int count, float topP, int topK, double wanted)
    {
        if (topK < vocabSize)
        {
            if (topK < count)
            {
                Select(topK - 1, count);
                count = topK;
            }

            wanted = topP * Mass(count);
        }

        return topP < 1 ? SelectMass(wanted, count) + 1 : count;
    }

    private double Mass(int count)
    {
        var mass = 0.0;
        for (var i = 0; i < count; i++)
        {
            mass += weights[candidates[i]];
        }

        return mass;
    }

    /// <summary>Tokens of at least that weight become the candidates, in order of their ids.</summary>
    private int Collect(float bar)
    {
        var (count, id) = (0, 0);
        ref var first = ref MemoryMarshal.GetArrayDataReference(weights);
        for (var bars = Vector256.Create(bar); id + Vector256<float>.Count <= weights.Length; id += Vector256<float>.Count)
        {
            var found = Vector256.GreaterThanOrEqual(Vector256.LoadUnsafe(ref first, (nuint)id), bars).ExtractMostSignificantBits();
            for (; found != 0; found &= found - 1)
            {
                candidates[count++] = id + BitOperations.TrailingZeroCount(found);
            }
        }

        for (; id < weights.Length; id++)
        {
            if (weights[id] >= bar)
            {
                candidates[count++] = id;
            }
        }

        return count;
    }

    /// <summary>Sums of the weights that are at least <paramref name="least"/>, by block and in all. Lanes and order are the same on every machine and at every address.</summary>
    private double SumBlocks(float least)
    {
        var total = 0.0;
        var bars = Vector256.Create(least);
        ref var first = ref MemoryMarshal.GetArrayDataReference(weights);
        for (var block = 0; block < blockSums.Length; block++)
        {
            var (id, end) = (block * SumBlock, Math.Min((block + 1) * SumBlock, vocabSize));
            var lanes = Vector256<float>.Zero;
            for (; id + Vector256<float>.Count <= end; id += Vector256<float>.Count)
            {
                var values = Vector256.LoadUnsafe(ref first, (nuint)id);
                lanes += Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(values, bars), values, Vector256<float>.Zero);
            }

            var sum = 0.0;
            for (var lane = 0; lane < Vector256<float>.Count; lane++)
            {
                sum += lanes[lane];
            }

            for (; id < end; id++)
            {
                sum += weights[id] >= least ? weights[id] : 0;
            }

            blockSums[block] = sum;
            total += sum;
        }

        return total;
    }

    private bool Precedes(int left, int right) => weights[left] != weights[right] ? weights[left] > weights[right] : left < right;

    /// <summary>Quickselect: the first <paramref name="nth"/> + 1 candidates become those that precede all others.</summary>
    private void Select(int nth, int count)
    {
        int low = 0, high = count - 1;
        while (low < high)
        {
            var pivot = Partition(low, high);
            if (pivot == nth)
            {
                return;
            }

            (low, high) = pivot < nth ? (pivot + 1, high) : (low, pivot - 1);
        }
    }

    /// <summary>Weighted quickselect: index of the last of the fewest most likely candidates whose weights reach <paramref name="mass"/>; they come first.</summary>
    private int SelectMass(double mass, int count)
    {
        int low = 0, high = count - 1;
        while (low < high)
        {
            var pivot = Partition(low, high);
            var upTo = 0.0;
            for (var i = low; i <= pivot; i++)
            {
                upTo += weights[candidates[i]];
            }

            if (upTo >= mass)
            {
                if (upTo - weights[candidates[pivot]] < mass)
                {
                    return pivot;
                }

                high = pivot - 1;
            }
            else
            {
                mass -= upTo;
                low = pivot + 1;
            }
        }

        return Math.Min(low, count - 1);
    }

    /// <summary>Hoare's partition about the median of three, by Lomuto's scheme; returns the pivot's final place.</summary>
    private int Partition(int low, int high)
    {
        var middle = low + ((high - low) / 2);
        if (Precedes(candidates[middle], candidates[low]))
        {
            Swap(middle, low);
        }

        if (Precedes(candidates[high], candidates[low]))
        {
            Swap(high, low);
        }

        if (Precedes(candidates[middle], candidates[high]))
        {
            Swap(middle, high);
        }

        var pivot = candidates[high];
        var place = low;
        for (var i = low; i < high; i++)
        {
            if (Precedes(candidates[i], pivot))
            {
                Swap(i, place++);
            }
        }

        Swap(place, high);
        return place;
    }

    private void Swap(int left, int right) => (candidates[left], candidates[right]) = (candidates[right], candidates[left]);
}
