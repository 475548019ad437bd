using System.Numerics.Tensors;

namespace Octavo.ServingRuntime.Engine.Sampling;

/// <summary>
/// Draws a token from adjusted logits under temperature, min-p, top-k and top-p (in that order, each over what the one before leaves; vLLM's
/// order). The cut is found by selection, never by sorting the vocabulary: tokens are ranked by probability, then by lower id, so it is unique.
/// </summary>
internal sealed class TokenPicker(int vocabSize)
{
    private readonly float[] weights = new float[vocabSize];
    private readonly int[] candidates = new int[vocabSize];

    /// <param name="logits">Finite, or negative infinity for what is forbidden; one at least is finite. Overwritten.</param>
    /// <param name="uniform">In [0, 1).</param>
    public int Pick(Span<float> logits, SamplingParams parameters, double uniform)
    {
        // Weights are relative to the most likely token's, which is 1.
        var max = TensorPrimitives.Max<float>(logits);
        TensorPrimitives.Subtract(logits, max, logits);
        TensorPrimitives.Divide(logits, parameters.Temperature, logits);
        TensorPrimitives.Exp<float>(logits, weights);
        var last = Cut(parameters);
        var total = 0.0;
        for (var id = 0; id < weights.Length; id++)
        {
            total += last is null || !Precedes(last.Value, id) ? weights[id] : 0;
        }

        var target = uniform * total;
        var sum = 0.0;
        var picked = 0;
        for (var id = 0; id < weights.Length; id++)
        {
            if (weights[id] > 0 && (last is null || !Precedes(last.Value, id)))
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

    /// <summary>The least likely token that stays; null: all do.</summary>
    private int? Cut(SamplingParams parameters)
    {
        var limitedK = parameters.TopK > 0 && parameters.TopK < vocabSize;
        if (!limitedK && parameters.TopP >= 1 && parameters.MinP <= 0)
        {
            return null;
        }

        var count = 0;
        var least = Math.Max(parameters.MinP, 0f);
        for (var id = 0; id < weights.Length; id++)
        {
            if (weights[id] >= least && weights[id] > 0)
            {
                candidates[count++] = id;
            }
        }

        if (limitedK && parameters.TopK < count)
        {
            Select(parameters.TopK - 1, count);
            count = parameters.TopK;
        }

        if (parameters.TopP < 1)
        {
            var mass = 0.0;
            for (var i = 0; i < count; i++)
            {
                mass += weights[candidates[i]];
            }

            count = SelectMass(parameters.TopP * mass, count) + 1;
        }

        var last = candidates[0];
        for (var i = 1; i < count; i++)
        {
            last = Precedes(last, candidates[i]) ? candidates[i] : last;
        }

        return last;
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
