using System.Numerics;

namespace Octavo.ServingRuntime.Engine.ModelRunner;

/// <summary>What a step in which every sequence adds one token is padded to, so that few shapes serve all such steps: 1, 2, 4 or a multiple of 8 sequences, lengths up to a power of two.</summary>
/// <param name="Sequences">With those that only fill up: they are of length 0 and store nothing.</param>
/// <param name="MaxSequenceLength">Of any of them.</param>
internal readonly record struct DecodeShape(int Sequences, int MaxSequenceLength)
{
    private const int Step = 8;
    private const int LeastLength = 256;

    /// <param name="sequences">1 or more.</param>
    /// <param name="longest">Tokens of the longest sequence, the new one included.</param>
    public static DecodeShape Of(int sequences, int longest) => new(Padded(sequences), Length(longest));

    /// <summary>Sequences with padding.</summary>
    public static int Padded(int sequences) => sequences switch
    {
        <= 2 => sequences,
        <= 4 => 4,
        _ => (sequences + Step - 1) / Step * Step,
    };

    /// <summary>Blocks that a table has room for in each row.</summary>
    public static int TableWidth(int longest, int blockSize) => (Length(longest) + blockSize - 1) / blockSize;

    private static int Length(int longest) => Math.Max(LeastLength, (int)BitOperations.RoundUpToPowerOf2((uint)longest));
}
