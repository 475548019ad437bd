using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Launch;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Launch;

/// <summary>
/// Sequences with random keys and values, in blocks of the device and of the reference alike. Blocks lie in any order, what no token is stored in is NaN on the device, and what a table has
/// beyond its sequence names a block of NaN.
/// </summary>
internal sealed class AttentionCase : IDisposable
{
    private readonly CudaTestBed bed;
    private readonly RandomTensors random;
    private readonly ReferenceBackend reference = new();
    private readonly KeyValueBlocks expectedBlocks;
    private readonly Tensor[] queries;
    private readonly int[][] tables;
    private readonly int nothing;

    public AttentionCase(CudaTestBed bed, RandomTensors random, AttentionShape shape, params int[] lengths)
    {
        (this.bed, this.random, Shape, Lengths) = (bed, random, shape, lengths);
        var needed = lengths.Select(length => (length + shape.BlockSize - 1) / shape.BlockSize).ToArray();
        nothing = needed.Sum() + 1;
        var order = random.Permutation(nothing);
        tables = new int[lengths.Length][];
        for (int s = 0, taken = 0; s < lengths.Length; taken += needed[s++])
        {
            tables[s] = order[taken..(taken + needed[s])];
        }

        var layout = new KeyValueBlockLayout(shape.KVHeads, shape.HeadDim, shape.BlockSize, shape.Cache);
        var size = new TensorShape(nothing + 1, (int)layout.ElementsPerBlock);
        Tensor? scales = layout.ScalesPerBlock > 0 ? bed.Empty(new TensorShape(nothing + 1, layout.ScalesPerBlock)) : null;
        Blocks = new KeyValueBlocks(bed.Empty(size, shape.Cache), bed.Empty(size, shape.Cache), scales, shape.Cache, nothing + 1, shape.KVHeads, shape.HeadDim, shape.BlockSize);
        foreach (var part in Blocks.Parts)
        {
            // On a real device new memory may hold anything.
            bed.Write(Enumerable.Repeat((byte)0xff, (int)part.Memory.Bytes).ToArray(), part);
        }

        expectedBlocks = reference.AllocateKeyValueBlocks(nothing + 1, shape.KVHeads, shape.HeadDim, shape.BlockSize, shape.Cache);
        queries = new Tensor[lengths.Length];
        for (var s = 0; s < lengths.Length; s++)
        {
            queries[s] = random.Floats(lengths[s], shape.Width, 3);
            Tensor keys = random.Floats(lengths[s], shape.KVHeads * shape.HeadDim), values = random.Floats(lengths[s], shape.KVHeads * shape.HeadDim);
            var table = tables[s];
            var slots = random.Ints([.. Enumerable.Range(0, lengths[s]).Select(i => (table[i / shape.BlockSize] * shape.BlockSize) + (i % shape.BlockSize))]);
            if (lengths[s] > 0)
            {
                reference.StoreKeyValues(keys, values, expectedBlocks, slots);
                bed.Launcher.StoreKeyValues(bed.Upload(keys), bed.Upload(values), Blocks, bed.Upload(slots));
            }
        }
    }

    public delegate void Kernel(in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output);

    public AttentionShape Shape { get; }

    public int[] Lengths { get; }

    public KeyValueBlocks Blocks { get; }

    /// <summary>Group h % 2 of the KV heads has these tables: all of a sequence's blocks, or some of its full ones and its last; null: none.</summary>
    public (int[][] Even, int[][] Odd, int[] EvenLengths, int[] OddLengths)? Groups { get; private set; }

    /// <summary>From now on heads see what their group keeps: everything, so that the result is the dense one, or less.</summary>
    public void Group(bool everything)
    {
        int[][] Kept(out int[] lengths)
        {
            var kept = tables.Select((table, s) => everything || table.Length < 2 ? table : [.. table[..random.Next(0, table.Length - 1)], table[^1]]).ToArray();
            lengths = [.. kept.Select((table, s) => Lengths[s] - ((tables[s].Length - table.Length) * Shape.BlockSize))];
            return kept;
        }

        var even = Kept(out var evenLengths);
        Groups = (even, Kept(out var oddLengths), evenLengths, oddLengths);
    }

    /// <summary>Rows of the last counts[i] queries of sequence which[i], as float32, the rows that fill the batch up after them.</summary>
    /// <param name="padding">Sequences of one query and length 0, and as many rows that are of no sequence.</param>
    /// <param name="bounded">Whether the host tells the lengths' bounds.</param>
    public float[] Attend(Kernel kernel, int[] which, int[] counts, int padding = 0, bool bounded = true)
    {
        var (rows, host) = Queries(which, counts, 2 * padding);
        var strided = random.Next(0, 2) > 0;
        var input = bed.Upload(host, strided: strided);
        var output = strided ? bed.Empty(new TensorShape(rows, Shape.Width + 24), Shape.Type).Columns(8, Shape.Width) : bed.Empty(host.Shape, Shape.Type);
        var sequences = Sequences(which, counts, padding, tensor => tensor.Shape.ElementCount == 0 ? tensor : Upload(tensor)) with
        {
            MaxQueryLength = bounded ? Math.Max(counts.Max(), padding > 0 ? 1 : 0) : 0,
            MaxSequenceLength = bounded ? which.Max(s => Lengths[s]) + random.Next(0, 300) : 0,
        };
        kernel(input, Blocks, sequences, Shape.Options, output);
        return bed.Read(output);
    }

    /// <summary>Stores another token in the place of one, whose values are not numbers in one of their elements.</summary>
    public void Spoil(int sequence, int token)
    {
        Tensor keys = random.Floats(1, Shape.KVHeads * Shape.HeadDim), values = random.Floats(1, Shape.KVHeads * Shape.HeadDim);
        for (var head = 0; head < Shape.KVHeads; head++)
        {
            values.Row<float>(0)[(head * Shape.HeadDim) + 5] = head % 2 == 0 ? float.NaN : float.NegativeInfinity;
        }

        var slot = (tables[sequence][token / Shape.BlockSize] * Shape.BlockSize) + (token % Shape.BlockSize);
        bed.Launcher.StoreKeyValues(bed.Upload(keys), bed.Upload(values), Blocks, bed.Upload(random.Ints(slot)));
    }

    /// <summary>What the reference makes of the same.</summary>
    public Tensor Expected(int[] which, int[] counts)
    {
        var (rows, host) = Queries(which, counts, 0);
        var widened = random.Of(host.ToFloat32(), host.Shape);
        var output = random.Empty(new TensorShape(rows, Shape.Width));
        reference.PagedAttention(widened, expectedBlocks, Sequences(which, counts, 0, tensor => tensor), Shape.Options, output);
        return output;
    }

    /// <summary>Whether these are the natural logarithms of the sums of exponentials that the last queries of the first sequence have.</summary>
    public void ShouldBeLogSums(float[] actual, int count, float tolerance)
    {
        int heads = Shape.KVHeads * Shape.Group, width = Shape.KVHeads * Shape.HeadDim;
        var query = random.Of(Queries([0], [count], 0).Queries.ToFloat32(), new TensorShape(count, Shape.Width));
        for (var i = 0; i < count * heads; i++)
        {
            var (row, head) = (i / heads, i % heads);
            int end = Lengths[0] - count + row + 1, first = Shape.Window > 0 ? Math.Max(0, end - Shape.Window) : 0;
            var sum = 0.0;
            for (var token = first; token < end; token++)
            {
                var place = (tables[0][token / Shape.BlockSize] * Shape.BlockSize) + (token % Shape.BlockSize);
                var key = expectedBlocks.Keys.AsSpan<float>().Slice((place * width) + (head / Shape.Group * Shape.HeadDim), Shape.HeadDim);
                double score = System.Numerics.Tensors.TensorPrimitives.Dot<float>(key, query.Row<float>(row).Slice(head * Shape.HeadDim, Shape.HeadDim)) * Shape.Options.Scale;
                sum += Math.Exp(Shape.Cap > 0 ? Shape.Cap * Math.Tanh(score / Shape.Cap) : score);
            }

            actual[i].Should().BeApproximately((float)Math.Log(sum), tolerance, $"row {row}, head {head}");
        }
    }

    public void Dispose()
    {
        expectedBlocks.Dispose();
        reference.Dispose();
    }

    private Tensor Upload(Tensor tensor)
    {
        // Tables of three dimensions go as vectors.
        var flat = bed.Upload(random.Ints(tensor.AsSpan<int>().ToArray()));
        return new Tensor(flat.Memory, 0, tensor.Shape, DType.Int32);
    }

    private (int Rows, Tensor Queries) Queries(int[] which, int[] counts, int more)
    {
        var values = which.Zip(counts).SelectMany(pair => queries[pair.First].AsSpan<float>()[^(pair.Second * Shape.Width)..].ToArray()).Concat(Enumerable.Repeat(1f, more * Shape.Width)).ToArray();
        var rows = counts.Sum() + more;
        return (rows, random.Of(values, new TensorShape(rows, Shape.Width), Shape.Type));
    }

    private PagedSequences Sequences(int[] which, int[] counts, int padding, Func<Tensor, Tensor> place)
    {
        var starts = new List<int> { 0 };
        foreach (var count in counts.Concat(Enumerable.Repeat(1, padding)))
        {
            starts.Add(starts[^1] + count);
        }

        var (all, width) = (which.Length + padding, which.Max(s => tables[s].Length) + 2);
        int[] Table(int[][] from, int i) => [.. (i < which.Length ? from[which[i]] : []), .. Enumerable.Repeat(nothing, width)];
        var dense = Enumerable.Range(0, all).SelectMany(i => Table(tables, i)[..width]).ToArray();
        var lengths = Enumerable.Range(0, all).Select(i => i < which.Length ? Lengths[which[i]] : 0).ToArray();
        var result = new PagedSequences(place(random.Ints([.. starts])), place(random.Ints(lengths)), place(Shaped(dense, new TensorShape(all, width))));
        if (Groups is not { } groups)
        {
            return result;
        }

        var kept = Enumerable.Range(0, all).SelectMany(i => (int[])[.. Table(groups.Even, i)[..width], .. Table(groups.Odd, i)[..width]]).ToArray();
        var keptLengths = Enumerable.Range(0, all).SelectMany(i => i < which.Length ? (int[])[groups.EvenLengths[which[i]], groups.OddLengths[which[i]]] : [0, 0]).ToArray();
        return result with
        {
            Groups = new KeyValueGroups(
                place(random.Ints([.. Enumerable.Range(0, Shape.KVHeads).Select(head => head % 2)])), place(Shaped(keptLengths, new TensorShape(all, 2))), place(Shaped(kept, new TensorShape(all, 2, width)))),
        };
    }

    private Tensor Shaped(int[] values, TensorShape shape) => new(random.Ints(values).Memory, 0, shape, DType.Int32);
}
