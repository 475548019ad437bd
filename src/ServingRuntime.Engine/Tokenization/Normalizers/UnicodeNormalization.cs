using System.Text;
using Octavo.ServingRuntime.Engine.Tokenization.Buffers;
using Octavo.ServingRuntime.Engine.Tokenization.Patterns;

namespace Octavo.ServingRuntime.Engine.Tokenization.Normalizers;

/// <summary>
/// Unicode's normalisation forms (UAX 15). Written out because <see cref="string.Normalize()"/> does nothing under invariant globalization, which the runtime
/// uses for a quick start, and because the library's tables are of an older Unicode.
/// </summary>
internal static class UnicodeNormalization
{
    internal const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    internal const int LeadCount = 19, VowelCount = 21, TrailCount = 28, HangulCount = LeadCount * VowelCount * TrailCount;

    /// <param name="text">Rewritten.</param>
    /// <param name="compatible">Forms KC and KD.</param>
    /// <param name="composed">Forms C and KC.</param>
    public static void Normalize(TextBuffer text, bool compatible, bool composed)
    {
        if (Ascii.IsValid(text.Text))
        {
            return;
        }

        var tables = NormalizationTables.Instance;
        var points = new List<int>();
        var done = 0;
        while (FindSuspect(tables, text.Text, done, compatible, composed, out var start, out var end))
        {
            text.Append(text.Text[done..start]);
            points.Clear();
            foreach (var rune in text.Text[start..end].EnumerateRunes())
            {
                Decompose(tables, rune.Value, compatible, points);
            }

            Reorder(tables, points);
            if (composed)
            {
                ComposeInPlace(tables, points);
            }

            foreach (var point in points)
            {
                text.Append(point);
            }

            done = end;
        }

        if (done > 0)
        {
            text.Append(text.Text[done..]);
            text.Commit();
        }
    }

    /// <summary>
    /// The next run of characters that the form may change, with the one before it, which may combine with the first of them. What lies between such runs is
    /// starters that stay what they are and combine with nothing before them, so each run can be normalised by itself.
    /// </summary>
    private static bool FindSuspect(NormalizationTables tables, ReadOnlySpan<char> text, int from, bool compatible, bool composed, out int start, out int end)
    {
        start = from;
        for (int at = from, length; at < text.Length; at += length)
        {
            if (!tables.IsSuspect(PatternBacktracker.ScalarAt(text, at, out length), compatible, composed))
            {
                start = at;
                continue;
            }

            for (end = at + length; end < text.Length; end += length)
            {
                if (!tables.IsSuspect(PatternBacktracker.ScalarAt(text, end, out length), compatible, composed))
                {
                    break;
                }
            }

            return true;
        }

        end = text.Length;
        return false;
    }

    private static void Decompose(NormalizationTables tables, int point, bool compatible, List<int> output)
    {
        var hangul = point - HangulBase;
        if (point < 0x80)
        {
            output.Add(point);
        }
        else if (hangul is >= 0 and < HangulCount)
        {
            output.Add(LeadBase + (hangul / (VowelCount * TrailCount)));
            output.Add(VowelBase + (hangul % (VowelCount * TrailCount) / TrailCount));
            if (hangul % TrailCount != 0)
            {
                output.Add(TrailBase + (hangul % TrailCount));
            }
        }
        else if (compatible && tables.Compatible.TryGetValue(point, out var whole))
        {
            output.AddRange(whole);
        }
        else if (tables.Canonical.TryGetValue(point, out var parts))
        {
            foreach (var part in parts)
            {
                Decompose(tables, part, compatible, output);
            }
        }
        else
        {
            output.Add(point);
        }
    }

    /// <summary>Stable sort by combining class within each run of non-starters.</summary>
    private static void Reorder(NormalizationTables tables, List<int> points)
    {
        var start = 0;
        while (start < points.Count)
        {
            if (tables.Class(points[start]) == 0)
            {
                start++;
                continue;
            }

            var end = start;
            while (end < points.Count && tables.Class(points[end]) != 0)
            {
                end++;
            }

            if (end - start > 1)
            {
                var sorted = points.GetRange(start, end - start).OrderBy(tables.Class).ToList();
                for (var i = 0; i < sorted.Count; i++)
                {
                    points[start + i] = sorted[i];
                }
            }

            start = end;
        }
    }

    private static void ComposeInPlace(NormalizationTables tables, List<int> points)
    {
        int starter = -1, lastClass = 0, write = 0;
        for (var read = 0; read < points.Count; read++)
        {
            var point = points[read];
            var pointClass = tables.Class(point);
            // Blocked when something of the same or a higher class stands between the starter and this one.
            var adjacent = starter >= 0 && (write - 1 == starter || (lastClass != 0 && lastClass < pointClass));
            if (adjacent && TryCompose(tables, points[starter], point, out var composed))
            {
                points[starter] = composed;
                continue;
            }

            points[write] = point;
            if (pointClass == 0)
            {
                starter = write;
            }

            lastClass = pointClass;
            write++;
        }

        points.RemoveRange(write, points.Count - write);
    }

    private static bool TryCompose(NormalizationTables tables, int first, int second, out int composed)
    {
        var lead = first - LeadBase;
        var vowel = second - VowelBase;
        if (lead is >= 0 and < LeadCount && vowel is >= 0 and < VowelCount)
        {
            composed = HangulBase + (((lead * VowelCount) + vowel) * TrailCount);
            return true;
        }

        var syllable = first - HangulBase;
        var trail = second - TrailBase;
        if (syllable is >= 0 and < HangulCount && syllable % TrailCount == 0 && trail is > 0 and < TrailCount)
        {
            composed = first + trail;
            return true;
        }

        composed = 0;
        return second >= 0x300 && tables.Compositions.TryGetValue((first, second), out composed);
    }
}
