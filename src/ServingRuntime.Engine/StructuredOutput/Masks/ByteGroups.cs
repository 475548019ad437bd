namespace Octavo.ServingRuntime.Engine.StructuredOutput.Masks;

/// <summary>Bytes sorted into at most 64 groups, so that a set of them fits a word. Letters, digits and kinds of UTF-8 bytes are groups; other ASCII bytes stand alone.</summary>
internal static class ByteGroups
{
    /// <summary>Bytes beyond ASCII, all of them parts of well-formed UTF-8 that begins at the place looked from; it may break off at the end.</summary>
    public const ulong WellFormed = 1UL << 63;

    /// <summary>Bytes beyond ASCII one by one.</summary>
    public const ulong BeyondAscii = 0b1111000;

    public static ulong BitOf(byte value) => 1UL << Of(value);

    public static int Of(byte value) => value switch
    {
        >= (byte)'a' and <= (byte)'z' => 0,
        >= (byte)'A' and <= (byte)'Z' => 1,
        >= (byte)'0' and <= (byte)'9' => 2,
        >= 0x80 and <= 0xBF => 3,
        >= 0xC0 and <= 0xDF => 4,
        >= 0xE0 and <= 0xEF => 5,
        >= 0xF0 => 6,
        (byte)'\n' => 7,
        (byte)'\r' => 8,
        (byte)'\t' => 9,
        < 0x20 or 0x7F => 10,
        // Space and punctuation: 0x20..0x2F, 0x3A..0x40, 0x5B..0x60, 0x7B..0x7E.
        < 0x30 => 11 + value - 0x20,
        < 0x41 => 27 + value - 0x3A,
        < 0x61 => 34 + value - 0x5B,
        _ => 40 + value - 0x7B,
    };
}
