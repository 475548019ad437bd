using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Layers;

/// <summary>
/// Token embeddings. Where the backend reads the host's memory the table is the mapped file itself: rows never used are never loaded; a quantised table (GGUF) stays as it is, too, and the rows
/// of a step are widened as they are taken: a widened copy would be up to eight times the table, which in small models is most of the model. A device gets a table of its own, of the stored
/// type, or of bfloat16 where it is quantised: no step may wait for the host.
/// </summary>
public sealed class Embedding : IDisposable
{
    private const int RowsAtATime = 1024;
    private readonly WeightLoader weights;
    private readonly IKernelBackend backend;
    private readonly string name;
    private readonly int vocabSize;
    private readonly Tensor? table;
    private readonly bool ownsTable;
    private readonly float[] row;
    private int[] ids = [];

    public Embedding(WeightLoader weights, string prefix, int vocabSize, int hiddenSize)
    {
        this.weights = weights;
        this.vocabSize = vocabSize;
        backend = weights.Backend;
        name = prefix + ".weight";
        HiddenSize = hiddenSize;
        row = [];
        if (!weights.IsQuantized(name))
        {
            table = weights.Table(name, vocabSize, hiddenSize, out ownsTable);
            return;
        }

        weights.TakeRows(name, vocabSize, hiddenSize);
        row = new float[hiddenSize];
        weights.ReadRow(name, 0, row);
        if (backend.Device != Device.Cpu)
        {
            (table, ownsTable) = (Widen(), true);
        }
    }

    public int HiddenSize { get; }

    /// <summary>The table as it is stored, where the backend has made one of its own; null: it has not, or not of what is stored.</summary>
    public Tensor? OwnTable => ownsTable && !weights.IsQuantized(name) ? table : null;

    /// <summary>Whether rows are widened by the host, step by step.</summary>
    public bool NeedsHost => table is null;

    public void Forward(in Tensor tokenIds, in Tensor output)
    {
        if (table is { } plain)
        {
            backend.Embedding(plain, tokenIds, output);
            return;
        }

        var count = tokenIds.Shape[0];
        if (ids.Length < count)
        {
            ids = new int[count];
        }

        backend.CopyToHost(tokenIds, ids.AsSpan(0, count));
        for (var t = 0; t < count; t++)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)ids[t], (uint)vocabSize);
            weights.ReadRow(name, ids[t], row);
            backend.CopyToDevice<float>(row, output.Rows(t, 1));
        }
    }

    public void Dispose()
    {
        if (ownsTable)
        {
            table!.Value.Memory.Dispose();
        }
    }

    private Tensor Widen()
    {
        var wide = backend.Allocate(new TensorShape(vocabSize, HiddenSize), DType.BFloat16);
        var piece = new ushort[Math.Min(vocabSize, RowsAtATime) * HiddenSize];
        for (var first = 0; first < vocabSize; first += RowsAtATime)
        {
            var count = Math.Min(RowsAtATime, vocabSize - first);
            for (var i = 0; i < count; i++)
            {
                weights.ReadRow(name, first + i, row);
                StoredFloats.ToBFloat16(row, piece.AsSpan(i * HiddenSize, HiddenSize));
            }

            backend.CopyToDevice<ushort>(piece.AsSpan(0, count * HiddenSize), wide.Rows(first, count));
        }

        return wide;
    }
}
