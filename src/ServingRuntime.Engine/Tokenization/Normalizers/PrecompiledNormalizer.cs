using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Octavo.ServingRuntime.Engine.Tokenization.Buffers;

namespace Octavo.ServingRuntime.Engine.Tokenization.Normalizers;

/// <summary>
/// SentencePiece's compiled character map: a double-array trie over UTF-8 (darts-clone) from byte strings to places in a table of zero-terminated replacements. As in
/// Hugging Face's library a grapheme of up to five bytes is looked up whole, then each character by itself, and of several prefixes that match the shortest counts.
/// </summary>
internal sealed class PrecompiledNormalizer : Normalizer
{
    private const int LongestGrapheme = 5;
    private readonly uint[] units;
    private readonly byte[] replacements;

    /// <param name="map">The length of the trie in bytes (little-endian), the trie, the replacements.</param>
    public PrecompiledNormalizer(byte[] map)
    {
        var size = map.Length >= 4 ? BinaryPrimitives.ReadUInt32LittleEndian(map) : uint.MaxValue;
        if (size % 4 != 0 || size > map.Length - 4)
        {
            throw new TokenizerFormatException("tokenizer.json: precompiled_charsmap is malformed");
        }

        units = new uint[size / 4];
        for (var i = 0; i < units.Length; i++)
        {
            units[i] = BinaryPrimitives.ReadUInt32LittleEndian(map.AsSpan(4 + (4 * i)));
        }

        replacements = map[(4 + (int)size)..];
    }

    public override void Normalize(TextBuffer text)
    {
        Span<byte> bytes = stackalloc byte[LongestGrapheme];
        for (var at = 0; at < text.Length;)
        {
            var grapheme = text.Text.Slice(at, StringInfo.GetNextTextElementLength(text.Text[at..]));
            at += grapheme.Length;
            if (Encoding.UTF8.TryGetBytes(grapheme, bytes, out var count) && Find(bytes[..count]) is { } whole)
            {
                text.Append(whole);
                continue;
            }

            foreach (var rune in grapheme.EnumerateRunes())
            {
                if (Find(bytes[..rune.EncodeToUtf8(bytes)]) is { } single)
                {
                    text.Append(single);
                }
                else
                {
                    text.Append(rune.Value);
                }
            }
        }

        text.Commit();
    }

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & (1u << 9)) >> 6);

    private string? Find(ReadOnlySpan<byte> key)
    {
        if (units.Length == 0)
        {
            return null;
        }

        var place = Offset(units[0]);
        foreach (var value in key)
        {
            place ^= value;
            if (value == 0 || place >= units.Length)
            {
                return null;
            }

            var unit = units[place];
            if ((unit & ((1u << 31) | 0xFF)) != value)
            {
                return null;
            }

            place ^= Offset(unit);
            if (((unit >> 8) & 1) != 0)
            {
                return place < units.Length ? Replacement(units[place] & ((1u << 31) - 1)) : null;
            }
        }

        return null;
    }

    private string? Replacement(uint start)
    {
        if (start >= replacements.Length)
        {
            return null;
        }

        var rest = replacements.AsSpan((int)start);
        var end = rest.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
    }
}
