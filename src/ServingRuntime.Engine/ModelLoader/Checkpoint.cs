using Octavo.ServingRuntime.Engine.ModelLoader.Gguf;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.ModelLoader;

/// <summary>A model's weights by Hugging Face's names, in whatever files they lie.</summary>
public abstract class Checkpoint : IDisposable
{
    public abstract IReadOnlyCollection<string> Names { get; }

    /// <summary>Whether norm weights have the 1 already that Gemma adds to them.</summary>
    public virtual bool NormsHoldOne => false;

    /// <param name="path">A folder in Hugging Face's layout, a GGUF file, or a folder with one.</param>
    /// <exception cref="CheckpointException">No weights, or malformed ones.</exception>
    public static Checkpoint Open(string path)
    {
        var location = ModelLocation.Of(path);
        return location.IsGguf ? GgufCheckpoint.Open(location.GgufFiles) : SafetensorsCheckpoint.Open(path);
    }

    /// <summary>A view of the file, or where the file has the tensor in another form a copy, float32 if it was quantised; valid until it is released or the checkpoint closed.</summary>
    /// <exception cref="CheckpointException">There is none, or of a type that is not read.</exception>
    public abstract Tensor Tensor(string name);

    /// <summary>A tensor's shape; nothing is read for it.</summary>
    public virtual TensorShape Shape(string name) => Tensor(name).Shape;

    /// <summary>Whether a tensor is stored in whole numbers that <see cref="Quantized"/> hands out. AWQ's and GPTQ's layers are several tensors each and none of these.</summary>
    public virtual bool IsQuantized(string name) => false;

    /// <summary>A quantised matrix freed of its packing.</summary>
    public virtual QuantizedMatrix Quantized(string name) => throw new CheckpointException($"tensor {name} is not quantised");

    /// <summary>One row of a quantised matrix in float32.</summary>
    public virtual void ReadRow(string name, int row, Span<float> output) => throw new CheckpointException($"tensor {name} is not quantised");

    /// <summary>Gives back what was made for a tensor; views of files stay.</summary>
    public virtual void Release(in Tensor tensor)
    {
    }

    public abstract void Dispose();
}
