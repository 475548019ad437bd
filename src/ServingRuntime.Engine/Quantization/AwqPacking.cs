namespace Octavo.ServingRuntime.Engine.Quantization;

/// <summary>
/// AWQ's GEMM layout (AutoAWQ <c>WQLinear_GEMM</c>): words of eight columns each, whose nibble i, from the lowest bits, is column Order[i].
/// qweight int32 [inputs, outputs / 8], qzeros int32 [groups, outputs / 8], scales float16 [groups, outputs].
/// </summary>
internal static class AwqPacking
{
    /// <summary>Numbers of 4 bits in a word.</summary>
    public const int PerWord = 8;

    private static ReadOnlySpan<byte> Order => [0, 2, 4, 6, 1, 3, 5, 7];

    /// <summary>Rows of words, for numbers [rows, columns] below 16.</summary>
    public static int[] Pack(ReadOnlySpan<byte> numbers)
    {
        var words = new int[numbers.Length / PerWord];
        for (var w = 0; w < words.Length; w++)
        {
            var eight = numbers.Slice(w * PerWord, PerWord);
            for (var i = 0; i < PerWord; i++)
            {
                words[w] |= eight[Order[i]] << (4 * i);
            }
        }

        return words;
    }
}
