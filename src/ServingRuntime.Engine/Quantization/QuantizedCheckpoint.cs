using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Quantization;

/// <summary>The folder that is made: in a temporary one beside it, which becomes it by a rename at the end and is removed otherwise.</summary>
internal sealed class QuantizedCheckpoint : IDisposable
{
    private const int CopyBytes = 16 << 20;
    private static readonly string[] OtherWeights = [".safetensors", ".safetensors.index.json", ".bin", ".bin.index.json", ".pt", ".pth", ".ckpt", ".gguf", ".h5", ".msgpack", ".onnx", ".onnx_data"];
    private readonly QuantizeOptions options;
    private readonly Checkpoint checkpoint;
    private readonly string folder;
    private readonly SafetensorsWriter writer;
    private bool published;

    private QuantizedCheckpoint(QuantizeOptions options, Checkpoint checkpoint, string folder, IReadOnlyList<SafetensorsPlan> tensors)
    {
        this.options = options;
        this.checkpoint = checkpoint;
        this.folder = folder;
        BytesBefore = checkpoint.Names.Sum(name => Bytes(checkpoint.Tensor(name)));
        BytesAfter = tensors.Sum(tensor => tensor.Bytes);
        writer = new SafetensorsWriter(folder, tensors, options.MaxShardBytes);
    }

    public long BytesBefore { get; }

    public long BytesAfter { get; }

    /// <exception cref="QuantizationException">There is not enough room.</exception>
    public static QuantizedCheckpoint Create(QuantizeOptions options, Checkpoint checkpoint, QuantizationPlan plan, Func<string, long>? freeBytes)
    {
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.OutputPath));
        var parent = Path.GetDirectoryName(target) ?? throw new QuantizationException(QuantizationFault.Usage, $"--output: {target} cannot be made.");
        var matrices = plan.Matrices.ToDictionary(matrix => matrix.Prefix + ".weight", StringComparer.Ordinal);
        var tensors = checkpoint.Names.SelectMany(name => matrices.TryGetValue(name, out var matrix)
            ? Packed(matrix.Prefix, matrix.InFeatures, matrix.OutFeatures, options.GroupSize)
            : [Kept(name, checkpoint.Tensor(name))]).ToList();
        try
        {
            Directory.CreateDirectory(parent);
            var needed = tensors.Sum(tensor => tensor.Bytes) + OtherFiles(options.ModelPath).Sum(file => file.Length) + (1 << 20);
            var free = freeBytes is null ? new DriveInfo(parent).AvailableFreeSpace : freeBytes(parent);
            if (free < needed)
            {
                throw new QuantizationException(QuantizationFault.NoSpace, $"{needed / 1e9:F2} GB are needed below {parent}, and {free / 1e9:F2} GB are free.");
            }

            var folder = Path.Combine(parent, $".{Path.GetFileName(target)}.partial-{Guid.NewGuid():N}");
            Directory.CreateDirectory(folder);
            try
            {
                return new QuantizedCheckpoint(options, checkpoint, folder, tensors);
            }
            catch
            {
                Directory.Delete(folder, recursive: true);
                throw;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new QuantizationException(QuantizationFault.Usage, $"--output: {exception.Message}", exception);
        }
    }

    public void Write(string prefix, PackedMatrix matrix) => Disk(() =>
    {
        writer.Append(prefix + ".qweight", MemoryMarshal.AsBytes<int>(AwqPacking.Pack(matrix.Numbers)));
        writer.Append(prefix + ".qzeros", MemoryMarshal.AsBytes<int>(AwqPacking.Pack(matrix.Zeros)));
        writer.Append(prefix + ".scales", MemoryMarshal.AsBytes<Half>(matrix.Scales));
    });

    /// <summary>Writes what is not quantised, copies the other files, and gives the folder its name.</summary>
    public void Complete(FoldedWeights weights, QuantizationPlan plan) => Disk(() =>
    {
        var quantized = plan.Matrices.Select(matrix => matrix.Prefix + ".weight").ToHashSet(StringComparer.Ordinal);
        foreach (var name in checkpoint.Names.Where(name => !quantized.Contains(name)))
        {
            if (weights.IsChanged(name))
            {
                writer.Append(name, StoredFloats.Encode(weights.Read(name), checkpoint.Tensor(name).DType));
            }
            else
            {
                Copy(name, checkpoint.Tensor(name));
            }
        }

        writer.Complete();
        writer.Dispose();
        foreach (var file in OtherFiles(options.ModelPath))
        {
            var copy = Path.Combine(folder, Path.GetRelativePath(options.ModelPath, file.FullName));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            file.CopyTo(copy);
        }

        File.WriteAllText(Path.Combine(folder, "config.json"), Configuration(plan).ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
        Directory.Move(folder, Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.OutputPath)));
        published = true;
    });

    public void Dispose()
    {
        writer.Dispose();
        if (!published)
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Disk(Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new QuantizationException(QuantizationFault.NoSpace, $"--output: {exception.Message}", exception);
        }
    }

    private static IEnumerable<SafetensorsPlan> Packed(string prefix, int inputs, int outputs, int groupSize)
    {
        int words = outputs / AwqPacking.PerWord, groups = inputs / groupSize;
        yield return new SafetensorsPlan(prefix + ".qweight", "I32", [inputs, words], (long)inputs * words * sizeof(int));
        yield return new SafetensorsPlan(prefix + ".qzeros", "I32", [groups, words], (long)groups * words * sizeof(int));
        yield return new SafetensorsPlan(prefix + ".scales", "F16", [groups, outputs], (long)groups * outputs * 2);
    }

    private static SafetensorsPlan Kept(string name, Tensor tensor) =>
        new(name, StoredFloats.Name(tensor.DType), [.. Enumerable.Range(0, tensor.Shape.Rank).Select(i => tensor.Shape[i])], Bytes(tensor));

    private static long Bytes(Tensor tensor) => tensor.Shape.ElementCount * tensor.DType.Size();

    /// <summary>Everything but weights and what version control and caches left.</summary>
    private static IEnumerable<FileInfo> OtherFiles(string model) =>
        new DirectoryInfo(model).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.Hidden | FileAttributes.System })
            .Where(file => Path.GetRelativePath(model, file.FullName) != "config.json" && !OtherWeights.Any(ending => file.Name.EndsWith(ending, StringComparison.OrdinalIgnoreCase)));

    private void Copy(string name, Tensor tensor)
    {
        if (tensor.Shape.Rank != 2)
        {
            writer.Append(name, Raw(tensor));
            return;
        }

        var most = Math.Max(1, CopyBytes / Math.Max(1, tensor.Shape[1] * tensor.DType.Size()));
        for (var first = 0; first < tensor.Shape[0]; first += most)
        {
            writer.Append(name, Raw(tensor.Rows(first, Math.Min(most, tensor.Shape[0] - first))));
        }
    }

    private static ReadOnlySpan<byte> Raw(Tensor tensor) => tensor.DType.Size() switch
    {
        4 => MemoryMarshal.AsBytes(tensor.AsSpan<float>()),
        2 => MemoryMarshal.AsBytes(tensor.AsSpan<ushort>()),
        _ => tensor.AsSpan<byte>(),
    };

    /// <summary>The checkpoint's own, and how it is quantised. What was float32 is to be loaded as float16, which the scales are.</summary>
    private JsonObject Configuration(QuantizationPlan plan)
    {
        var config = JsonNode.Parse(File.ReadAllBytes(Path.Combine(options.ModelPath, "config.json")))!.AsObject();
        foreach (var field in new[] { "torch_dtype", "dtype" }.Where(field => config[field]?.GetValueKind() == JsonValueKind.String && config[field]!.GetValue<string>() == "float32"))
        {
            config[field] = "float16";
        }

        var kept = plan.Kept.Append("lm_head").Select(prefix => (JsonNode?)JsonValue.Create(prefix)).ToArray();
        config["quantization_config"] = new JsonObject
        {
            ["quant_method"] = "awq", ["bits"] = 4, ["group_size"] = options.GroupSize, ["zero_point"] = true, ["version"] = "gemm", ["modules_to_not_convert"] = new JsonArray(kept),
        };
        return config;
    }
}
