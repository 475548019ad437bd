using System.Runtime.InteropServices;

namespace Octavo.ServingRuntime.Engine.Tokenization.Buffers;

/// <summary>A text that is rewritten in place. Behind its end there are always <see cref="Slack"/> characters that may be read, so that code can load whole vectors.</summary>
internal sealed class TextBuffer
{
    public const int Slack = 16;
    private const int StartLength = 512;
    private char[] chars = new char[StartLength];
    private char[] spare = new char[StartLength];
    private int spareLength;

    public int Length { get; private set; }

    /// <summary>Whether the first character is still, or comes from, the first one that was set: nothing before it has been taken away.</summary>
    public bool KeepsStart { get; private set; }

    public ReadOnlySpan<char> Text => chars.AsSpan(0, Length);

    public Span<char> Writable => chars.AsSpan(0, Length);

    public int Capacity => Math.Max(chars.Length, spare.Length);

    public void Set(ReadOnlySpan<char> text)
    {
        Length = 0;
        Reserve(ref chars, 0, text.Length);
        text.CopyTo(chars);
        Length = text.Length;
        KeepsStart = true;
    }

    /// <summary>The beginning of the text has been taken away.</summary>
    public void LoseStart() => KeepsStart = false;

    public void Prepend(ReadOnlySpan<char> text)
    {
        Reserve(ref chars, Length, text.Length);
        chars.AsSpan(0, Length).CopyTo(chars.AsSpan(text.Length));
        text.CopyTo(chars);
        Length += text.Length;
    }

    /// <summary>Keeps only a part.</summary>
    public void Trim(int start, int end)
    {
        chars.AsSpan(start, end - start).CopyTo(chars);
        Length = end - start;
        KeepsStart &= start == 0;
    }

    /// <summary>Appends to the new text; the old one stays readable until <see cref="Commit"/>.</summary>
    public void Append(ReadOnlySpan<char> text)
    {
        Reserve(ref spare, spareLength, text.Length);
        text.CopyTo(spare.AsSpan(spareLength));
        spareLength += text.Length;
    }

    /// <inheritdoc cref="Append(ReadOnlySpan{char})"/>
    public void Append(char unit) => Append(MemoryMarshal.CreateReadOnlySpan(ref unit, 1));

    /// <inheritdoc cref="Append(ReadOnlySpan{char})"/>
    public void Append(int scalar)
    {
        if (scalar < 0x10000)
        {
            Append((char)scalar);
        }
        else
        {
            Append([(char)(0xD7C0 + (scalar >> 10)), (char)(0xDC00 | (scalar & 0x3FF))]);
        }
    }

    /// <summary>Length of the new text so far.</summary>
    public int NewLength => spareLength;

    /// <summary>What has been appended becomes the text.</summary>
    public void Commit()
    {
        (chars, spare) = (spare, chars);
        Reserve(ref chars, spareLength, 0);
        (Length, spareLength) = (spareLength, 0);
    }

    private static void Reserve(ref char[] buffer, int used, int more)
    {
        var wanted = used + more + Slack;
        if (buffer.Length < wanted)
        {
            Array.Resize(ref buffer, (int)Math.Clamp((long)buffer.Length * 2, wanted, Math.Max(wanted, Array.MaxLength)));
        }
    }
}
