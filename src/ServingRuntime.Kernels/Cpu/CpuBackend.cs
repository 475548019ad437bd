using System.Numerics.Tensors;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>Vector kernels over a team of threads. Work too small to be worth waking others stays on the calling thread; no result depends on that.</summary>
public sealed unsafe partial class CpuBackend : IKernelBackend
{
    // In multiply-adds of a matrix product, some 40,000 in a microsecond; other work is given in what takes as long.
    // Below the first a section costs more than it saves, below the second so does waking a thread; a part should take no less than the third.
    private const long ParallelThreshold = 300_000;
    private const long WakeThreshold = 2_000_000;
    private const long PartWork = 500_000;
    private const int MaxPartsPerThread = 4;
    private readonly CpuInstructionSet instructions;
    private readonly KernelSet kernels;
    private readonly ThreadTeam team;
    private readonly Action<int, int> linearSection;
    private readonly Action<int, int> attentionSection;
    private readonly Action<int, int> rowsSection;
    private LinearCall linear;
    private AttentionArguments attention;
    private RowsCall rows;
    private CpuMemory? reordered;

    /// <param name="threads">Threads in all, the caller's included.</param>
    /// <param name="instructions">Null: the best that the processor has.</param>
    public CpuBackend(int threads, CpuInstructionSet? instructions = null)
    {
        this.instructions = instructions ?? CpuInstructionSets.Best;
        kernels = KernelSet.For(this.instructions);
        team = new ThreadTeam(threads);
        linearSection = RunLinear;
        attentionSection = RunAttention;
        rowsSection = RunRows;
    }

    private enum RowOperation
    {
        RmsNorm,
        HeadRmsNorm,
        Rotary,
        ActivationMul,
        Scale,
        SoftCap,
        LogSoftmax,
    }

    public Device Device => Device.Cpu;

    public string Description => $"cpu, {instructions}, {team.Size} threads";

    public Tensor Allocate(TensorShape shape, DType dtype) => new(new CpuMemory(checked(shape.ElementCount * dtype.Size())), 0, shape, dtype);

    public KeyValueBlocks AllocateKeyValueBlocks(int numBlocks, int kvHeads, int headDim, int blockSize)
    {
        Arguments.Blocks(numBlocks, kvHeads, headDim, blockSize);
        return new KeyValueBlocks(
            Allocate(new TensorShape(numBlocks, kvHeads, headDim, blockSize), DType.Float32),
            Allocate(new TensorShape(numBlocks, kvHeads, blockSize, Cpu.PagedAttention.ValueWidth(headDim)), DType.Float32),
            numBlocks, kvHeads, headDim, blockSize);
    }

    public void CopyToDevice<T>(ReadOnlySpan<T> source, in Tensor destination) where T : unmanaged => source.CopyTo(destination.AsSpan<T>());

    public void CopyToHost<T>(in Tensor source, Span<T> destination) where T : unmanaged => source.AsSpan<T>().CopyTo(destination);

    public LinearWeight CreateLinear(ReadOnlySpan<Tensor> weights, ReadOnlySpan<Tensor> biases, DType dtype) =>
        new PackedLinear(weights, biases, dtype, kernels.PanelWidth);

    public LinearWeight CreateQuantizedLinear(IReadOnlyList<QuantizedMatrix> parts, ReadOnlySpan<Tensor> biases, DType dtype) =>
        new QuantizedLinear(parts, biases, kernels.PanelWidth);

    public void RmsNorm(in Tensor x, in Tensor weight, float epsilon, in Tensor output)
    {
        CheckNorm(x, weight, output);
        rows = new RowsCall(RowOperation.RmsNorm, x, output) { Weight = weight.Pointer<float>(), Factor = epsilon };
        RunRows(8L * x.Shape.ElementCount);
    }

    public void AddRmsNorm(in Tensor x, in Tensor residual, in Tensor weight, float epsilon, in Tensor output)
    {
        CheckNorm(x, weight, output);
        Arguments.Matrix(residual, x.Shape[0], x.Shape[1]);
        rows = new RowsCall(RowOperation.RmsNorm, x, output)
        {
            Weight = weight.Pointer<float>(), Factor = epsilon, Residual = residual.Pointer<float>(), ResidualStride = residual.RowStride,
        };
        RunRows(8L * x.Shape.ElementCount);
    }

    public void Linear(in Tensor x, LinearWeight weight, in Tensor output)
    {
        var packed = (PanelLinear)weight;
        Arguments.That(packed.PanelWidth == kernels.PanelWidth, $"a weight in panels of {packed.PanelWidth}, not {kernels.PanelWidth}");
        Arguments.Matrix(x, x.Shape[0], packed.InFeatures);
        Arguments.Matrix(output, x.Shape[0], packed.OutFeatures);
        var source = packed.InputOrder is { } order ? Reorder(x, order) : x;
        linear = new LinearCall(packed, source.Pointer<float>(), source.RowStride, output.Pointer<float>(), output.RowStride, x.Shape[0]);
        Run(linearSection, (long)x.Shape[0] * packed.InFeatures * packed.OutFeatures);
    }

    public void HeadRmsNorm(in Tensor x, int headDim, in Tensor weight, float epsilon)
    {
        Arguments.Matrix(x, x.Shape[0], x.Shape[1]);
        Arguments.Vector(weight, DType.Float32, headDim);
        Arguments.That(x.Shape[1] % headDim == 0, $"heads of {headDim} in {x.Shape}");
        rows = new RowsCall(RowOperation.HeadRmsNorm, x, x) { Weight = weight.Pointer<float>(), HeadDim = headDim, Factor = epsilon };
        RunRows(8L * x.Shape.ElementCount);
    }

    public void Scale(in Tensor x, float factor)
    {
        Arguments.Matrix(x, x.Shape[0], x.Shape[1]);
        rows = new RowsCall(RowOperation.Scale, x, x) { Factor = factor };
        RunRows(x.Shape.ElementCount);
    }

    public void SoftCap(in Tensor x, float cap)
    {
        Arguments.Matrix(x, x.Shape[0], x.Shape[1]);
        rows = new RowsCall(RowOperation.SoftCap, x, x) { Factor = cap };
        RunRows(16L * x.Shape.ElementCount);
    }

    public void RotaryEmbedding(in Tensor x, int headDim, in Tensor positions, in Tensor cosSin, bool interleaved)
    {
        Arguments.Matrix(x, x.Shape[0], x.Shape[1]);
        Arguments.Matrix(cosSin, cosSin.Shape[0], cosSin.Shape[1]);
        Arguments.Vector(positions, DType.Int32, x.Shape[0]);
        Arguments.That(x.Shape[1] % headDim == 0 && cosSin.Shape[1] <= headDim && cosSin.Shape[1] % 2 == 0, $"rotation {cosSin.Shape} of heads of {headDim} in {x.Shape}");
        rows = new RowsCall(RowOperation.Rotary, x, x)
        {
            HeadDim = headDim, Positions = positions.Pointer<int>(), Weight = cosSin.Pointer<float>(), TableWidth = cosSin.Shape[1], TableRows = cosSin.Shape[0],
            Interleaved = interleaved,
        };
        RunRows(4L * x.Shape.ElementCount);
    }

    public void PagedAttention(in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output)
    {
        Arguments.Attention(queries, blocks, sequences, output);
        attention = new AttentionArguments
        {
            Queries = queries.Pointer<float>(), QueryStride = queries.RowStride, Output = output.Pointer<float>(), OutputStride = output.RowStride,
            Keys = blocks.Keys.Pointer<float>(), Values = blocks.Values.Pointer<float>(),
            QueryStarts = sequences.QueryStarts.Pointer<int>(), SequenceLengths = sequences.SequenceLengths.Pointer<int>(),
            BlockTables = sequences.BlockTables.Pointer<int>(), BlockTableStride = sequences.BlockTables.RowStride, Sequences = sequences.Count,
            Heads = queries.Shape[1] / blocks.HeadDim, KVHeads = blocks.KVHeads, HeadDim = blocks.HeadDim, ValueWidth = blocks.Values.Shape[3], BlockSize = blocks.BlockSize,
            Scale = options.Scale, SlidingWindow = options.SlidingWindow, SoftCap = options.SoftCap,
        };
        long work = 0;
        for (var s = 0; s < sequences.Count; s++)
        {
            var seen = options.SlidingWindow > 0 ? Math.Min(options.SlidingWindow, attention.SequenceLengths[s]) : attention.SequenceLengths[s];
            work += (long)(attention.QueryStarts[s + 1] - attention.QueryStarts[s]) * seen;
        }

        Run(attentionSection, 6 * work * queries.Shape[1]);
    }

    public void ActivationMul(GatedActivation activation, in Tensor gateUp, in Tensor output)
    {
        Arguments.Matrix(gateUp, output.Shape[0], 2 * output.Shape[1]);
        Arguments.Matrix(output, output.Shape[0], output.Shape[1]);
        rows = new RowsCall(RowOperation.ActivationMul, gateUp, output) { Activation = activation };
        RunRows(16L * output.Shape.ElementCount);
    }

    public void TopExperts(in Tensor logits, int k, bool renormalize, in Tensor experts, in Tensor weights)
    {
        var count = logits.Shape[0];
        Arguments.Matrix(logits, count, logits.Shape[1]);
        Arguments.That(k > 0 && k <= logits.Shape[1], $"{k} of {logits.Shape[1]} experts");
        Arguments.Vector(experts, DType.Int32, count * k);
        Arguments.Vector(weights, DType.Float32, count * k);
        for (var t = 0; t < count; t++)
        {
            ExpertRouting.Run(logits.Row<float>(t), renormalize, new Span<int>(experts.Pointer<int>() + (t * k), k), new Span<float>(weights.Pointer<float>() + (t * k), k));
        }
    }

    public void ArgMax(in Tensor logits, in Tensor tokens)
    {
        Arguments.Vector(tokens, DType.Int32, logits.Shape[0]);
        for (var r = 0; r < logits.Shape[0]; r++)
        {
            var row = logits.Row<float>(r);
            var index = TensorPrimitives.IndexOfMax<float>(row);
            tokens.Pointer<int>()[r] = float.IsNaN(row[index]) ? -1 : index;
        }
    }

    public void LogSoftmax(in Tensor logits, in Tensor output)
    {
        Arguments.Matrix(output, logits.Shape[0], logits.Shape[1]);
        rows = new RowsCall(RowOperation.LogSoftmax, logits, output);
        RunRows(16L * logits.Shape.ElementCount);
    }

    public void Dispose()
    {
        team.Dispose();
        reordered?.Dispose();
    }

    private static void CheckNorm(in Tensor x, in Tensor weight, in Tensor output)
    {
        Arguments.Matrix(x, x.Shape[0], x.Shape[1]);
        Arguments.Vector(weight, DType.Float32, x.Shape[1]);
        Arguments.Matrix(output, x.Shape[0], x.Shape[1]);
    }

    private static (int Begin, int End) Part(int count, int part, int parts) =>
        ((int)((long)count * part / parts), (int)((long)count * (part + 1) / parts));

    private void Run(Action<int, int> section, long work)
    {
        if (work < ParallelThreshold || team.Size == 1)
        {
            section(0, 1);
        }
        else
        {
            var perThread = (int)Math.Clamp(work / (PartWork * team.Size), 1, MaxPartsPerThread);
            team.Run(section, Math.Min(perThread * team.Size, ThreadTeam.MaxParts), work >= WakeThreshold);
        }
    }

    private void RunRows(long work) => Run(rowsSection, rows.Count > 1 ? work : 0);

    private void RunLinear(int part, int parts)
    {
        var weight = linear.Weight;

        // By outputs where each thread gets several panels or there are few rows; else by rows.
        if (weight.Panels >= 4 * parts || linear.Rows < 8 * parts)
        {
            var (begin, end) = Part(weight.Panels, part, parts);
            kernels.Linear(weight, linear.X, linear.XStride, linear.Y, linear.YStride, 0, linear.Rows, begin, end);
        }
        else
        {
            var (begin, end) = Part((linear.Rows + 7) / 8, part, parts);
            kernels.Linear(weight, linear.X, linear.XStride, linear.Y, linear.YStride, begin * 8, Math.Min(end * 8, linear.Rows), 0, weight.Panels);
        }
    }

    private void RunAttention(int part, int parts) => kernels.PagedAttention(in attention, part, parts);

    private void RunRows(int part, int parts)
    {
        var (begin, end) = Part(rows.Count, part, parts);
        for (nint r = begin; r < end; r++)
        {
            var from = rows.From + (r * rows.FromStride);
            var to = rows.To + (r * rows.ToStride);
            switch (rows.Operation)
            {
                case RowOperation.RmsNorm:
                    kernels.RmsNorm(from, rows.Residual is null ? null : rows.Residual + (r * rows.ResidualStride), rows.Weight, rows.ToWidth, rows.Factor, to);
                    break;
                case RowOperation.HeadRmsNorm:
                    for (var head = 0; head < rows.ToWidth; head += rows.HeadDim)
                    {
                        kernels.RmsNorm(to + head, null, rows.Weight, rows.HeadDim, rows.Factor, to + head);
                    }

                    break;
                case RowOperation.Rotary:
                    var position = rows.Positions[r];
                    Arguments.That((uint)position < (uint)rows.TableRows, $"position {position} is outside of {rows.TableRows}");
                    kernels.RotaryEmbedding(to, rows.ToWidth / rows.HeadDim, rows.HeadDim, rows.Weight + ((nint)position * rows.TableWidth), rows.TableWidth, rows.Interleaved);
                    break;
                case RowOperation.ActivationMul:
                    kernels.ActivationMul(rows.Activation, from, rows.ToWidth, to);
                    break;
                case RowOperation.Scale:
                    var row = new Span<float>(to, rows.ToWidth);
                    TensorPrimitives.Multiply(row, rows.Factor, row);
                    break;
                case RowOperation.SoftCap:
                    kernels.SoftCap(to, rows.ToWidth, rows.Factor);
                    break;
                default:
                    kernels.LogSoftmax(from, rows.ToWidth, to);
                    break;
            }
        }
    }

    private readonly record struct LinearCall(PanelLinear Weight, nint XAddress, int XStride, nint YAddress, int YStride, int Rows)
    {
        public LinearCall(PanelLinear weight, float* x, int xStride, float* y, int yStride, int rows)
            : this(weight, (nint)x, xStride, (nint)y, yStride, rows)
        {
        }

        public float* X => (float*)XAddress;

        public float* Y => (float*)YAddress;
    }

    private struct RowsCall(RowOperation operation, in Tensor from, in Tensor to)
    {
        public RowOperation Operation = operation;
        public int Count = to.Shape[0];
        public float* From = from.Pointer<float>();
        public int FromStride = from.RowStride;
        public float* To = to.Pointer<float>();
        public int ToStride = to.RowStride;
        public int ToWidth = to.Shape[1];
        public float* Weight;
        public float* Residual;
        public int ResidualStride;
        public int* Positions;
        public int HeadDim;
        public int TableWidth;
        public int TableRows;
        public float Factor;
        public bool Interleaved;
        public GatedActivation Activation;
    }
}
