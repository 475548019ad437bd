using System.Globalization;

namespace Octavo.ServingRuntime.Engine.Tokenization.Models;

/// <summary>The tokens of single bytes (<c>&lt;0xE4&gt;</c>), by which a vocabulary with byte_fallback writes what it lacks.</summary>
internal sealed class ByteTokens
{
    private readonly int[] ids = new int[256];

    public ByteTokens(IReadOnlyDictionary<string, int> vocabulary)
    {
        for (var value = 0; value < ids.Length; value++)
        {
            ids[value] = vocabulary.TryGetValue(string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>"), out var id) ? id : -1;
        }
    }

    /// <summary>Appends a text's bytes as tokens; false, and nothing appended, where one of them has none.</summary>
    public bool TryAppend(ReadOnlySpan<char> text, List<int> output)
    {
        var start = output.Count;
        Span<byte> bytes = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            foreach (var value in bytes[..rune.EncodeToUtf8(bytes)])
            {
                if (ids[value] < 0)
                {
                    output.RemoveRange(start, output.Count - start);
                    return false;
                }

                output.Add(ids[value]);
            }
        }

        return true;
    }
}
