namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <content>Work on logits: few rows, each of a whole vocabulary, so rows are cut into pieces for threads.</content>
public sealed unsafe partial class CpuBackend
{
    private readonly Action<int, int> argMaxSection;
    private ArgMaxCall argMax;
    private int[] pieceBest = new int[64];

    public int HostThreads => team.Size;

    public void RunOnHost(Action<int, int> work, int parts) => team.Run(work, parts);

    public void ArgMax(in Tensor logits, in Tensor tokens)
    {
        var (count, width) = (logits.Shape[0], logits.Shape[1]);
        Arguments.Matrix(logits, count, width);
        Arguments.Vector(tokens, DType.Int32, count);
        var pieces = (width + Cpu.ArgMax.Piece - 1) / Cpu.ArgMax.Piece;
        if (pieceBest.Length < pieces * count)
        {
            pieceBest = new int[pieces * count];
        }

        argMax = new ArgMaxCall { Logits = logits.Pointer<float>(), Stride = logits.RowStride, Width = width, Pieces = pieces, Count = pieces * count };
        Run(argMaxSection, 5L * count * width);
        for (var r = 0; r < count; r++)
        {
            tokens.Pointer<int>()[r] = Best(argMax.Logits + ((nint)r * argMax.Stride), pieceBest.AsSpan(r * pieces, pieces));
        }
    }

    private void RunArgMax(int part, int parts)
    {
        var (begin, end) = PartRanges.Split(argMax.Count, part, parts);
        for (var index = begin; index < end; index++)
        {
            var (row, piece) = Math.DivRem(index, argMax.Pieces);
            var from = piece * Cpu.ArgMax.Piece;
            pieceBest[index] = kernels.ArgMax(argMax.Logits + ((nint)row * argMax.Stride), from, Math.Min(from + Cpu.ArgMax.Piece, argMax.Width));
        }
    }

    private static int Best(float* row, ReadOnlySpan<int> candidates)
    {
        var best = candidates[0];
        foreach (var index in candidates)
        {
            if (index < 0 || best < 0)
            {
                return -1;
            }

            best = row[index] > row[best] ? index : best;
        }

        return best;
    }

    private struct ArgMaxCall
    {
        public float* Logits;
        public int Stride;
        public int Width;
        public int Pieces;
        public int Count;
    }
}
