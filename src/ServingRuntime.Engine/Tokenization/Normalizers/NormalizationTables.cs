using System.Globalization;

namespace Octavo.ServingRuntime.Engine.Tokenization.Normalizers;

/// <summary>The embedded tables of Unicode's normalisation forms, read when first needed. They are of the Unicode version that Hugging Face's library has.</summary>
internal sealed class NormalizationTables
{
    private static readonly Lazy<NormalizationTables> Loaded = new(() => new NormalizationTables());
    private readonly Dictionary<int, byte> classes = [];
    private readonly HashSet<int> seconds = [];

    private NormalizationTables()
    {
        using var stream = typeof(NormalizationTables).Assembly.GetManifestResourceStream("normalization.txt")
            ?? throw new InvalidOperationException("the normalisation tables are not embedded");
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            var fields = line.Split(' ');
            switch (fields[0])
            {
                case "C":
                    for (var point = Hex(fields[1]); point <= Hex(fields[2]); point++)
                    {
                        classes[point] = byte.Parse(fields[3], CultureInfo.InvariantCulture);
                    }

                    break;
                case "D":
                    var excluded = fields[^1] == "!";
                    var second = fields.Length - (excluded ? 1 : 0) > 3 ? Hex(fields[3]) : 0;
                    Canonical[Hex(fields[1])] = second == 0 ? [Hex(fields[2])] : [Hex(fields[2]), second];
                    if (!excluded && second != 0)
                    {
                        Compositions[(Hex(fields[2]), second)] = Hex(fields[1]);
                        seconds.Add(second);
                    }

                    break;
                case "K":
                    Compatible[Hex(fields[1])] = [.. fields.Skip(2).Select(Hex)];
                    break;
            }
        }
    }

    private readonly byte[]?[] suspects = new byte[]?[4];

    public static NormalizationTables Instance => Loaded.Value;

    /// <summary>One step of a canonical decomposition.</summary>
    public Dictionary<int, int[]> Canonical { get; } = [];

    /// <summary>Whole compatibility decompositions, where they differ from the canonical ones.</summary>
    public Dictionary<int, int[]> Compatible { get; } = [];

    public Dictionary<(int First, int Second), int> Compositions { get; } = [];

    /// <summary>The canonical combining class.</summary>
    public int Class(int point) => classes.TryGetValue(point, out var value) ? value : 0;

    /// <summary>Whether a form may change a character, or combine it with one before it.</summary>
    public bool IsSuspect(int point, bool compatible, bool composed)
    {
        if (point >= 0x10000)
        {
            return Computed(point, compatible, composed);
        }

        var form = (compatible ? 2 : 0) + (composed ? 1 : 0);
        var known = suspects[form] ??= [.. Enumerable.Range(0, 0x10000).Select(p => (byte)(Computed(p, compatible, composed) ? 1 : 0))];
        return known[point] != 0;
    }

    private bool Computed(int point, bool compatible, bool composed)
    {
        if (Class(point) != 0 || (compatible && Compatible.ContainsKey(point)))
        {
            return true;
        }

        var hangul = point is >= UnicodeNormalization.HangulBase and < UnicodeNormalization.HangulBase + UnicodeNormalization.HangulCount;
        return composed
            ? point is (>= 0x1161 and <= 0x1175) or (>= 0x11A8 and <= 0x11C2) || seconds.Contains(point) || (Canonical.TryGetValue(point, out var parts) && !Composes(point, parts))
            : hangul || Canonical.ContainsKey(point);
    }

    /// <summary>Whether a decomposition is undone by composition, step by step.</summary>
    private bool Composes(int point, int[] parts) => parts.Length == 2 && Compositions.TryGetValue((parts[0], parts[1]), out var whole) && whole == point
        && (!Canonical.TryGetValue(parts[0], out var inner) || Composes(parts[0], inner));

    private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
