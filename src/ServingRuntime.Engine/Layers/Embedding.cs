using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Layers;

/// <summary>
/// Token embeddings, read straight from the mapped file: rows never used are never loaded. A quantised table (GGUF) stays as it is, too, and the rows of a step are widened as they are taken:
/// a widened copy would be up to eight times the table, which in small models is most of the model.
/// </summary>
public sealed class Embedding
{
    private readonly WeightLoader weights;
    private readonly IKernelBackend backend;
    private readonly string name;
    private readonly int vocabSize;
    private readonly Tensor? table;
    private readonly float[] row;
    private int[] ids = [];

    public Embedding(WeightLoader weights, string prefix, int vocabSize, int hiddenSize)
    {
        this.weights = weights;
        this.vocabSize = vocabSize;
        backend = weights.Backend;
        name = prefix + ".weight";
        HiddenSize = hiddenSize;
        if (!weights.IsQuantized(name))
        {
            table = weights.Take(name, vocabSize, hiddenSize);
            row = [];
            return;
        }

        weights.TakeRows(name, vocabSize, hiddenSize);
        row = new float[hiddenSize];
        weights.ReadRow(name, 0, row);
    }

    public int HiddenSize { get; }

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
}
