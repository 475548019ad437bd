using System.Globalization;

namespace Octavo.ServingRuntime.Engine.Tokenization.Patterns;

/// <summary>Sets of scalars from an embedded table: a line each, the name and ranges in hexadecimal. Read when first asked for.</summary>
internal static class UnicodeSets
{
    private static readonly Lazy<Dictionary<string, CharacterSet>> Scripts = new(() => Load("scripts.txt"));
    private static readonly Lazy<Dictionary<string, CharacterSet>> Sets = new(() => Load("sets.txt"));

    /// <summary>Marks of all kinds, as StripAccents knows them.</summary>
    public static CharacterSet Marks => Sets.Value["marks"];

    /// <summary>Marks that take no space, as BertNormalizer knows them.</summary>
    public static CharacterSet NonSpacingMarks => Sets.Value["nonspacing"];

    /// <summary>ASCII punctuation and symbols, and the punctuation of Unicode, as Punctuation and BertPreTokenizer know it.</summary>
    public static CharacterSet Punctuation => Sets.Value["punctuation"];

    /// <summary>The characters of a script (\p{Han}); null for a name that the table does not have. As in Oniguruma case, spaces, hyphens and underscores do not count.</summary>
    public static CharacterSet? Script(string name)
        => Scripts.Value.GetValueOrDefault(string.Concat(name.Where(c => c is not (' ' or '-' or '_'))));

    private static Dictionary<string, CharacterSet> Load(string resource)
    {
        using var stream = typeof(UnicodeSets).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"the table {resource} is not embedded");
        using var reader = new StreamReader(stream);
        var sets = new Dictionary<string, CharacterSet>(StringComparer.OrdinalIgnoreCase);
        while (reader.ReadLine() is { } line)
        {
            var fields = line.Split(' ');
            if (!line.StartsWith('#'))
            {
                sets[fields[0]] = new CharacterSet([.. fields.Skip(1).Select(Range)], negated: false);
            }
        }

        return sets;
    }

    private static CharacterSet.Item Range(string text)
    {
        var ends = text.Split('-');
        return new CharacterSet.Range(Hex(ends[0]), Hex(ends[^1]));
    }

    private static int Hex(string text) => int.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
