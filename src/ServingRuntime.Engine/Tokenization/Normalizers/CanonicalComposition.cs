using System.Globalization;
using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Normalizers;

/// <summary>
/// Unicode normalisation form C (UAX 15). Written out because <see cref="string.Normalize()"/> does nothing under invariant globalization, which the
/// runtime uses for a quick start. The tables are read on the first text that needs them.
/// </summary>
internal static class CanonicalComposition
{
    private const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    private const int LeadCount = 19, VowelCount = 21, TrailCount = 28, HangulCount = LeadCount * VowelCount * TrailCount;

    private static readonly Lazy<Tables> Data = new(Tables.Load);

    public static string Compose(string text)
    {
        // Below U+0300 nothing combines and everything is composed already.
        if (text.AsSpan().IndexOfAnyInRange('\u0300', '\uFFFF') < 0)
        {
            return text;
        }

        var tables = Data.Value;
        var points = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            Decompose(tables, rune.Value, points);
        }

        Reorder(tables, points);
        ComposeInPlace(tables, points);
        var builder = new StringBuilder(points.Count);
        foreach (var point in points)
        {
            builder.Append(new Rune(point).ToString());
        }

        return builder.ToString();
    }

    private static void Decompose(Tables tables, int point, List<int> output)
    {
        var hangul = point - HangulBase;
        if (hangul is >= 0 and < HangulCount)
        {
            output.Add(LeadBase + (hangul / (VowelCount * TrailCount)));
            output.Add(VowelBase + (hangul % (VowelCount * TrailCount) / TrailCount));
            if (hangul % TrailCount != 0)
            {
                output.Add(TrailBase + (hangul % TrailCount));
            }
        }
        else if (tables.Decompositions.TryGetValue(point, out var parts))
        {
            Decompose(tables, parts.First, output);
            if (parts.Second != 0)
            {
                Decompose(tables, parts.Second, output);
            }
        }
        else
        {
            output.Add(point);
        }
    }

    /// <summary>Stable sort by combining class within each run of non-starters.</summary>
    private static void Reorder(Tables tables, List<int> points)
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

    private static void ComposeInPlace(Tables tables, List<int> points)
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

    private static bool TryCompose(Tables tables, int first, int second, out int composed)
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

        return tables.Compositions.TryGetValue((first, second), out composed);
    }

    private sealed class Tables
    {
        private readonly Dictionary<int, byte> classes = [];

        public Dictionary<int, (int First, int Second)> Decompositions { get; } = [];

        public Dictionary<(int First, int Second), int> Compositions { get; } = [];

        public int Class(int point) => classes.TryGetValue(point, out var value) ? value : 0;

        public static Tables Load()
        {
            using var stream = typeof(CanonicalComposition).Assembly.GetManifestResourceStream("nfc.txt")
                ?? throw new InvalidOperationException("the normalisation tables are not embedded");
            using var reader = new StreamReader(stream);
            var tables = new Tables();
            while (reader.ReadLine() is { } line)
            {
                var fields = line.Split(' ');
                if (fields[0] == "C")
                {
                    for (var point = Hex(fields[1]); point <= Hex(fields[2]); point++)
                    {
                        tables.classes[point] = byte.Parse(fields[3], CultureInfo.InvariantCulture);
                    }
                }
                else if (fields[0] == "D")
                {
                    var excluded = fields[^1] == "!";
                    var second = fields.Length - (excluded ? 1 : 0) > 3 ? Hex(fields[3]) : 0;
                    tables.Decompositions[Hex(fields[1])] = (Hex(fields[2]), second);
                    if (!excluded && second != 0)
                    {
                        tables.Compositions[(Hex(fields[2]), second)] = Hex(fields[1]);
                    }
                }
            }

            return tables;
        }

        private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
