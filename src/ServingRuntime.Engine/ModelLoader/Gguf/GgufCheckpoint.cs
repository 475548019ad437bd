using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.ModelLoader.Gguf;

/// <summary>A GGUF model's weights by Hugging Face's names.</summary>
internal sealed class GgufCheckpoint : Checkpoint
{
    private readonly GgufModel model;
    private readonly GgufArchitecture architecture;
    private readonly IReadOnlyDictionary<string, GgufRows> rows;
    private readonly HashSet<OwnedMemory> copies = [];

    private GgufCheckpoint(GgufModel model)
    {
        this.model = model;
        architecture = GgufArchitecture.Of(model);
        rows = GgufTensorMap.Create(model, architecture);
        Names = [.. rows.Keys];
    }

    public override IReadOnlyCollection<string> Names { get; }

    public override bool NormsHoldOne => architecture.NormsHoldOne;

    /// <exception cref="CheckpointException">Malformed, or of an architecture that is not built.</exception>
    public static GgufCheckpoint Open(IReadOnlyList<string> files)
    {
        var model = GgufModel.Open(files);
        try
        {
            return new GgufCheckpoint(model);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    public override Tensor Tensor(string name)
    {
        var part = Find(name);
        if (part.IsView)
        {
            return part.View();
        }

        var memory = new OwnedMemory(checked(part.Shape.ElementCount * part.DType().Size()));
        copies.Add(memory);
        part.CopyTo(memory);
        return new Tensor(memory, 0, part.Shape, part.DType());
    }

    public override TensorShape Shape(string name) => Find(name).Shape;

    public override bool IsQuantized(string name) => rows.TryGetValue(name, out var part) && part.IsQuantized;

    public override QuantizedMatrix Quantized(string name) => Readable(Find(name)).ToMatrix();

    public override void ReadRow(string name, int row, Span<float> output) => Readable(Find(name)).Widen(row, output);

    public override void Release(in Tensor tensor)
    {
        if (tensor.Memory is OwnedMemory memory && copies.Remove(memory))
        {
            memory.Dispose();
        }
    }

    public override void Dispose()
    {
        foreach (var memory in copies)
        {
            memory.Dispose();
        }

        model.Dispose();
    }

    private GgufRows Find(string name) => rows.TryGetValue(name, out var part) ? part : throw new CheckpointException($"the checkpoint has no tensor {name}");

    /// <exception cref="CheckpointException">Of a form that is not read.</exception>
    private static GgufRows Readable(GgufRows part)
    {
        _ = part.DType();
        return part;
    }
}
