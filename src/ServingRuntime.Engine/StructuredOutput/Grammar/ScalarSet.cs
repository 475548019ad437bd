using System.Text;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

/// <summary>A set of Unicode scalar values as sorted, disjoint, non-adjacent ranges; surrogates are never in it.</summary>
internal sealed class ScalarSet
{
    private const int LastScalar = 0x10FFFF;

    private ScalarSet(List<(int First, int Last)> ranges)
    {
        Ranges = ranges;
    }

    public static ScalarSet All { get; } = Of((0, LastScalar));

    public IReadOnlyList<(int First, int Last)> Ranges { get; }

    public bool IsEmpty => Ranges.Count == 0;

    public static ScalarSet Of(params IEnumerable<(int First, int Last)> ranges)
    {
        var sorted = new List<(int First, int Last)>();
        foreach (var (first, last) in ranges)
        {
            if (first < 0xD800)
            {
                sorted.Add((first, Math.Min(last, 0xD7FF)));
            }

            if (last > 0xDFFF)
            {
                sorted.Add((Math.Max(first, 0xE000), Math.Min(last, LastScalar)));
            }
        }

        sorted.Sort();
        var merged = new List<(int First, int Last)>(sorted.Count);
        foreach (var (first, last) in sorted)
        {
            if (merged.Count > 0 && first <= merged[^1].Last + 1)
            {
                merged[^1] = (merged[^1].First, Math.Max(merged[^1].Last, last));
            }
            else if (first <= last)
            {
                merged.Add((first, last));
            }
        }

        return new ScalarSet(merged);
    }

    public ScalarSet Union(ScalarSet other) => Of(Ranges.Concat(other.Ranges));

    public ScalarSet Complement()
    {
        var ranges = new List<(int, int)>();
        var next = 0;
        foreach (var (first, last) in Ranges)
        {
            if (first > next)
            {
                ranges.Add((next, first - 1));
            }

            next = last + 1;
        }

        if (next <= LastScalar)
        {
            ranges.Add((next, LastScalar));
        }

        return Of(ranges);
    }

    public bool Contains(int scalar)
    {
        foreach (var (first, last) in Ranges)
        {
            if (scalar <= last)
            {
                return scalar >= first;
            }
        }

        return false;
    }

    /// <summary>With the other case of every letter, by simple case mapping.</summary>
    public ScalarSet IgnoringCase(CompileBudget budget)
    {
        var ranges = new List<(int, int)>(Ranges);
        foreach (var (first, last) in Ranges)
        {
            // Beyond the cased scripts (Deseret, Adlam and the like end at U+1E943) there is no case.
            for (var scalar = first; scalar <= Math.Min(last, 0x1E943); scalar++)
            {
                budget.Spend();
                if (!Rune.TryCreate(scalar, out var rune))
                {
                    continue;
                }

                foreach (var other in (ReadOnlySpan<int>)[Rune.ToLowerInvariant(rune).Value, Rune.ToUpperInvariant(rune).Value])
                {
                    if (other != scalar)
                    {
                        ranges.Add((other, other));
                    }
                }
            }
        }

        return Of(ranges);
    }
}
