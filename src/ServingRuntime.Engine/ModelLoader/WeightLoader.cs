using Octavo.ServingRuntime.Engine.Layers;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.ModelLoader;

/// <summary>Hands a checkpoint's tensors to a model by name and shape, and keeps account: what is missing, misshapen or left over is an error that names it.</summary>
public sealed class WeightLoader(Checkpoint checkpoint, IKernelBackend backend, DType linearDType, QuantizationConfig? quantization = null)
{
    private const int NamesInMessage = 8;
    private readonly HashSet<string> taken = new(StringComparer.Ordinal);

    public IKernelBackend Backend => backend;

    /// <summary>How <see cref="Linear"/> holds weights.</summary>
    public DType LinearDType => linearDType;

    /// <summary>Where the model is run to see what its linear layers get; they then load their weights for each pass. Null: it is served.</summary>
    public LinearObserver? Observer { get; init; }

    /// <summary>Null: the checkpoint is not quantised.</summary>
    public QuantizationConfig? Quantization => quantization;

    public bool Contains(string name) => checkpoint.Names.Contains(name);

    /// <summary>A view of the file; valid while the checkpoint is open.</summary>
    public Tensor Take(string name, params ReadOnlySpan<int> shape)
    {
        var tensor = TakeAny(name, shape);
        return tensor.DType != DType.Int32 ? tensor : throw new CheckpointException($"tensor {name} holds integers where floating-point weights are needed");
    }

    /// <summary>A matrix for <see cref="IKernelBackend.Embedding"/>.</summary>
    /// <param name="isCopy">Whether it is the caller's to dispose; else it is valid while the checkpoint is open.</param>
    public Tensor Table(string name, int rows, int columns, out bool isCopy)
    {
        var stored = Take(name, rows, columns);
        var table = backend.CreateTable(stored);
        isCopy = table.Memory != stored.Memory;
        if (isCopy)
        {
            checkpoint.Release(stored);
        }

        return table;
    }

    /// <summary>A float32 copy of a norm's weights in the backend's memory, with a number added to each unless the file has added it; the caller disposes it.</summary>
    public Tensor Vector(string name, int length, float offset = 0f)
    {
        var values = Floats(name, length);
        offset = checkpoint.NormsHoldOne ? 0f : offset;
        for (var i = 0; i < length; i++)
        {
            values[i] += offset;
        }

        var vector = backend.Allocate(new TensorShape(length), DType.Float32);
        backend.CopyToDevice<float>(values, vector);
        return vector;
    }

    /// <summary>A tensor's elements in float32.</summary>
    public float[] Floats(string name, params ReadOnlySpan<int> shape)
    {
        var tensor = Take(name, shape);
        var values = tensor.ToFloat32();
        checkpoint.Release(tensor);
        return values;
    }

    /// <summary>Whether a tensor is in whole numbers of its own (GGUF), so that <see cref="ReadRow"/> widens it row by row.</summary>
    public bool IsQuantized(string name) => checkpoint.IsQuantized(name);

    /// <summary>Marks a quantised matrix as used whose rows will be read.</summary>
    public void TakeRows(string name, int rows, int columns) => CheckShape(name, [rows, columns]);

    /// <summary>One row of a quantised matrix in float32; valid while the checkpoint is open.</summary>
    public void ReadRow(string name, int row, Span<float> output) => checkpoint.ReadRow(name, row, output);

    /// <summary>A view of a tensor of 32-bit integers.</summary>
    public ReadOnlySpan<int> Integers(string name, params ReadOnlySpan<int> shape)
    {
        var tensor = TakeAny(name, shape);
        return tensor.DType == DType.Int32 ? tensor.AsSpan<int>() : throw new CheckpointException($"tensor {name} holds {tensor.DType} where 32-bit integers are needed");
    }

    /// <summary>
    /// Linear layers of the same input, stacked by outputs: <c>{prefix}.weight</c> [outputs, inFeatures] or its quantised form and, where asked for, <c>{prefix}.bias</c>.
    /// </summary>
    /// <returns>One weight, or several where not all parts can be computed together; their outputs follow one another.</returns>
    public IReadOnlyList<LinearWeight> Linear(int inFeatures, bool bias, params ReadOnlySpan<(string Prefix, int OutFeatures)> parts)
    {
        foreach (var (prefix, _) in parts)
        {
            if (Contains(prefix + ".qweight") || IsQuantized(prefix + ".weight"))
            {
                return Quantized(inFeatures, bias, parts);
            }
        }

        var weights = new Tensor[parts.Length];
        var biases = new Tensor[bias ? parts.Length : 0];
        var widened = new List<Tensor>();
        for (var i = 0; i < parts.Length; i++)
        {
            weights[i] = IsFloat8(parts[i].Prefix) ? Widen(parts[i].Prefix, parts[i].OutFeatures, inFeatures, widened) : Take(parts[i].Prefix + ".weight", parts[i].OutFeatures, inFeatures);
            if (bias)
            {
                biases[i] = Take(parts[i].Prefix + ".bias", parts[i].OutFeatures);
            }
        }

        var linear = backend.CreateLinear(weights, biases, linearDType);
        widened.ForEach(tensor => tensor.Memory.Dispose());
        Release(weights);
        Release(biases);
        return [linear];
    }

    /// <summary>Scales of a matrix as [rows, columns], from a scalar, a vector of rows or a matrix.</summary>
    public (float[] Scales, int Rows, int Columns) Scales(string name)
    {
        var shape = Contains(name) ? checkpoint.Shape(name) : throw new CheckpointException($"the checkpoint has no tensor {name}");
        return shape.Rank switch
        {
            1 => (Floats(name, shape[0]), shape[0], 1),
            2 => (Floats(name, shape[0], shape[1]), shape[0], shape[1]),
            _ => throw new CheckpointException($"tensor {name} has {shape.Rank} dimensions where a matrix is needed"),
        };
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

    private Tensor TakeAny(string name, ReadOnlySpan<int> shape)
    {
        CheckShape(name, shape);
        return checkpoint.Tensor(name);
    }

    private void CheckShape(string name, ReadOnlySpan<int> shape)
    {
        if (!Contains(name))
        {
            throw new CheckpointException($"the checkpoint has no tensor {name}");
        }

        var expected = new TensorShape(shape);
        if (checkpoint.Shape(name) is var actual && actual != expected)
        {
            throw new CheckpointException($"tensor {name} has the shape {actual}; the configuration makes it {expected}");
        }

        taken.Add(name);
    }

    private void Release(ReadOnlySpan<Tensor> tensors)
    {
        foreach (var tensor in tensors)
        {
            checkpoint.Release(tensor);
        }
    }

    /// <summary>Parts that stack are computed together: all, unless inputs are in an order of each part's own.</summary>
    private List<LinearWeight> Quantized(int inFeatures, bool bias, ReadOnlySpan<(string Prefix, int OutFeatures)> parts)
    {
        var weights = new List<LinearWeight>();
        var together = new List<QuantizedMatrix>();
        var biases = new List<Tensor>();
        foreach (var (prefix, outFeatures) in parts)
        {
            if (!IsQuantized(prefix + ".weight") && !Contains(prefix + ".qweight"))
            {
                // Beside quantised ones: files for llama.cpp choose a form for each tensor.
                Flush();
                weights.AddRange(Linear(inFeatures, bias, (prefix, outFeatures)));
                continue;
            }

            var matrix = ReadQuantized(prefix, inFeatures, outFeatures);
            if (together.Count > 0 && !matrix.StacksWith(together[0]))
            {
                Flush();
            }

            together.Add(matrix);

            // Some quantisers write a bias of zeros where the model has none.
            if (bias || Contains(prefix + ".bias"))
            {
                biases.Add(Take(prefix + ".bias", outFeatures));
            }
        }

        Flush();
        return weights;

        void Flush()
        {
            if (together.Count == 0)
            {
                return;
            }

            if (biases.Count > 0 && biases.Count != together.Count)
            {
                throw new CheckpointException("of quantised matrices that are computed together some have a bias and some have none");
            }

            weights.Add(backend.CreateQuantizedLinear(together, biases.ToArray(), linearDType));
            Release(biases.ToArray());
            together.Clear();
            biases.Clear();
        }
    }

    private QuantizedMatrix ReadQuantized(string prefix, int inFeatures, int outFeatures)
    {
        if (IsQuantized(prefix + ".weight"))
        {
            CheckShape(prefix + ".weight", [outFeatures, inFeatures]);
            return checkpoint.Quantized(prefix + ".weight");
        }

        var config = quantization ?? throw new CheckpointException($"{prefix}: the checkpoint is quantised, but config.json has no quantization_config");
        return QuantizedMatrixReader.Read(this, config, prefix, inFeatures, outFeatures);
    }

    private bool IsFloat8(string prefix) => quantization?.Method != QuantizationMethod.Gguf && Contains(prefix + ".weight") && checkpoint.Tensor(prefix + ".weight").DType is DType.Float8E4M3 or DType.Float8E5M2;

    /// <summary>In host memory, from which every backend takes its weights.</summary>
    private Tensor Widen(string prefix, int outFeatures, int inFeatures, List<Tensor> widened)
    {
        var shape = new TensorShape(outFeatures, inFeatures);
        var tensor = new Tensor(new OwnedMemory(shape.ElementCount * sizeof(float)), 0, shape, DType.Float32);
        widened.Add(tensor);
        Float8Reader.Read(this, prefix, inFeatures, outFeatures).CopyTo(tensor.AsSpan<float>());
        return tensor;
    }
}
