using Octavo.ServingRuntime.Engine.Tokenization.Buffers;

namespace Octavo.ServingRuntime.Engine.Tokenization.PreTokenizers;

/// <summary>GPT-2's bijection between the 256 bytes and printable characters.</summary>
internal static class ByteAlphabet
{
    private static readonly char[] ToChar = BuildToChar();
    private static readonly short[] ToByte = BuildToByte();

    public static char CharOf(byte value) => ToChar[value];

    /// <summary>Appends a text's UTF-8 bytes to a buffer's new text.</summary>
    public static void Append(ReadOnlySpan<char> text, TextBuffer output)
    {
        Span<byte> bytes = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            foreach (var value in bytes[..rune.EncodeToUtf8(bytes)])
            {
                output.Append(ToChar[value]);
            }
        }
    }

    /// <summary>Appends the bytes that a token stands for; false, and nothing appended, where a character is not of the alphabet.</summary>
    public static bool TryDecode(string token, List<byte> output)
    {
        var start = output.Count;
        foreach (var unit in token)
        {
            if (unit >= ToByte.Length || ToByte[unit] < 0)
            {
                output.RemoveRange(start, output.Count - start);
                return false;
            }

            output.Add((byte)ToByte[unit]);
        }

        return true;
    }

    private static char[] BuildToChar()
    {
        var table = new char[256];
        var shifted = 0;
        for (var value = 0; value < 256; value++)
        {
            var printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            table[value] = printable ? (char)value : (char)(256 + shifted++);
        }

        return table;
    }

    private static short[] BuildToByte()
    {
        var table = new short[512];
        Array.Fill(table, (short)-1);
        for (var value = 0; value < 256; value++)
        {
            table[ToChar[value]] = (short)value;
        }

        return table;
    }
}
