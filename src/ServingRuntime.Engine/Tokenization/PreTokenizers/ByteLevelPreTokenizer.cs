using System.Text;
using Octavo.ServingRuntime.Engine.Tokenization.Patterns;

namespace Octavo.ServingRuntime.Engine.Tokenization.PreTokenizers;

/// <summary>Writes each piece's UTF-8 bytes as the printable characters of GPT-2's alphabet, after GPT-2's own split where asked.</summary>
internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, bool useRegex) : PreTokenizer
{
    private readonly SplitPreTokenizer? splitter = useRegex
        ? new SplitPreTokenizer(SplitPattern.FromRegex(SplitPattern.Gpt2), SplitBehavior.Isolated, invert: false)
        : null;

    public override List<Piece> Split(List<Piece> pieces)
    {
        if (addPrefixSpace)
        {
            pieces = pieces.ConvertAll(p => p.Text.StartsWith(' ') ? p : p with { Text = " " + p.Text });
        }

        return (splitter?.Split(pieces) ?? pieces).ConvertAll(p => p with { Text = ByteAlphabet.Encode(p.Text) });
    }
}

/// <summary>GPT-2's bijection between the 256 bytes and printable characters.</summary>
internal static class ByteAlphabet
{
    private static readonly char[] ToChar = BuildToChar();
    private static readonly short[] ToByte = BuildToByte();

    public static string Encode(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text) <= 512 ? stackalloc byte[512] : new byte[Encoding.UTF8.GetByteCount(text)];
        var count = Encoding.UTF8.GetBytes(text, bytes);
        return string.Create(count, bytes[..count], (span, source) =>
        {
            for (var i = 0; i < source.Length; i++)
            {
                span[i] = ToChar[source[i]];
            }
        });
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
