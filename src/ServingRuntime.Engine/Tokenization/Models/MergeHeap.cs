namespace Octavo.ServingRuntime.Engine.Tokenization.Models;

/// <summary>A binary heap of words in a given array, the smallest first.</summary>
internal ref struct MergeHeap(ulong[] words)
{
    private int count;

    public void Push(ulong word)
    {
        var at = count++;
        while (at > 0)
        {
            var parent = (at - 1) >> 1;
            if (words[parent] <= word)
            {
                break;
            }

            words[at] = words[parent];
            at = parent;
        }

        words[at] = word;
    }

    public bool TryPop(out ulong word)
    {
        if (count == 0)
        {
            word = 0;
            return false;
        }

        word = words[0];
        var last = words[--count];
        var at = 0;
        while (true)
        {
            var child = (2 * at) + 1;
            if (child >= count)
            {
                break;
            }

            if (child + 1 < count && words[child + 1] < words[child])
            {
                child++;
            }

            if (last <= words[child])
            {
                break;
            }

            words[at] = words[child];
            at = child;
        }

        words[at] = last;
        return true;
    }
}
