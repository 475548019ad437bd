using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.ModelLoader;

/// <summary>Hands a checkpoint's tensors to a model by name and shape, and keeps account: what is missing, misshapen or left over is an error that names it.</summary>
public sealed class WeightLoader(Checkpoint checkpoint, IKernelBackend backend, DType linearDType)
{
    private const int NamesInMessage = 8;
    private readonly HashSet<string> taken = new(StringComparer.Ordinal);

    public IKernelBackend Backend => backend;

    /// <summary>How <see cref="Linear"/> holds weights.</summary>
    public DType LinearDType => linearDType;

    public bool Contains(string name) => checkpoint.Names.Contains(name);

    /// <summary>A view of the file; valid while the checkpoint is open.</summary>
    public Tensor Take(string name, params ReadOnlySpan<int> shape)
    {
        if (!Contains(name))
        {
            throw new CheckpointException($"the checkpoint has no tensor {name}");
        }

        var tensor = checkpoint.Tensor(name);
        var expected = new TensorShape(shape);
        if (tensor.Shape != expected)
        {
            throw new CheckpointException($"tensor {name} has the shape {tensor.Shape}; the configuration makes it {expected}");
        }

        if (tensor.DType == DType.Int32)
        {
            throw new CheckpointException($"tensor {name} holds integers where floating-point weights are needed");
        }

        taken.Add(name);
        return tensor;
    }

    /// <summary>A float32 copy of a vector in the backend's memory, with a number added to each element; the caller disposes it.</summary>
    public Tensor Vector(string name, int length, float offset = 0f)
    {
        var source = Take(name, length);
        var values = new float[length];
        for (var i = 0; i < length; i++)
        {
            values[i] = offset + source.DType switch
            {
                DType.Float32 => source.AsSpan<float>()[i],
                DType.BFloat16 => BitConverter.UInt32BitsToSingle((uint)source.AsSpan<ushort>()[i] << 16),
                _ => (float)source.AsSpan<Half>()[i],
            };
        }

        var vector = backend.Allocate(new TensorShape(length), DType.Float32);
        backend.CopyToDevice<float>(values, vector);
        return vector;
    }

    /// <summary>Linear layers of the same input, stacked by outputs: <c>{prefix}.weight</c> [outputs, inFeatures] and, where asked for, <c>{prefix}.bias</c>.</summary>
    public LinearWeight Linear(int inFeatures, bool bias, params ReadOnlySpan<(string Prefix, int OutFeatures)> parts)
    {
        var weights = new Tensor[parts.Length];
        var biases = new Tensor[bias ? parts.Length : 0];
        for (var i = 0; i < parts.Length; i++)
        {
            weights[i] = Take(parts[i].Prefix + ".weight", parts[i].OutFeatures, inFeatures);
            if (bias)
            {
                biases[i] = Take(parts[i].Prefix + ".bias", parts[i].OutFeatures);
            }
        }

        return backend.CreateLinear(weights, biases, linearDType);
    }

    /// <summary>Marks names as known but not needed.</summary>
    public void Ignore(Func<string, bool> unneeded) => taken.UnionWith(checkpoint.Names.Where(unneeded));

    /// <exception cref="CheckpointException">Some tensor was not used by the model.</exception>
    public void CheckAllUsed()
    {
        var unused = checkpoint.Names.Where(name => !taken.Contains(name)).Order(StringComparer.Ordinal).ToList();
        if (unused.Count > 0)
        {
            var rest = unused.Count > NamesInMessage ? $" and {unused.Count - NamesInMessage} more" : "";
            throw new CheckpointException($"the model does not use {string.Join(", ", unused.Take(NamesInMessage))}{rest} of the checkpoint");
        }
    }
}
