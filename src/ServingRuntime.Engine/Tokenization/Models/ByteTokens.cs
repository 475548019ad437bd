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

    /// <summary>The byte's token, or -1.</summary>
    public int this[byte value] => ids[value];

    public bool HasAll(ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            if (ids[value] < 0)
            {
                return false;
            }
        }

        return true;
    }
}
