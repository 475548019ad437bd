using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.ModelLoader;

/// <summary>A memory-mapped safetensors file, checked when opened. Its tensors are views that live as long as it is open.</summary>
public sealed class SafetensorsFile : IDisposable
{
    private readonly MappedMemory memory;
    private readonly Dictionary<string, SafetensorsEntry> entries;
    private readonly long dataStart;

    private SafetensorsFile(string path, MappedMemory memory, Dictionary<string, SafetensorsEntry> entries, long dataStart)
    {
        Path = path;
        this.memory = memory;
        this.entries = entries;
        this.dataStart = dataStart;
    }

    public string Path { get; }

    public IReadOnlyCollection<string> Names => entries.Keys;

    /// <exception cref="CheckpointException">The file is missing or malformed.</exception>
    public static SafetensorsFile Open(string path)
    {
        try
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
            try
            {
                Span<byte> front = stackalloc byte[8];
                var length = SafetensorsHeader.Length(front[..stream.ReadAtLeast(front, 8, throwOnEndOfStream: false)], stream.Length);
                var header = new byte[length];
                stream.ReadExactly(header);
                var dataStart = 8 + length;
                var entries = SafetensorsHeader.Parse(header, stream.Length - dataStart);
                return new SafetensorsFile(path, new MappedMemory(stream), entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal), dataStart);
            }
            catch
            {
                stream.Dispose();
                throw;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: {exception.Message}", exception);
        }
        catch (CheckpointException exception)
        {
            throw new CheckpointException($"{path}: {exception.Message}", exception);
        }
    }

    /// <summary>A view of a tensor's bytes in the file.</summary>
    /// <exception cref="CheckpointException">No such name, or an element type or rank that kernels do not know.</exception>
    public Tensor Tensor(string name)
    {
        if (!entries.TryGetValue(name, out var entry))
        {
            throw new CheckpointException($"{Path}: no tensor {name}");
        }

        DType dtype = entry.DType switch
        {
            "F32" => DType.Float32,
            "BF16" => DType.BFloat16,
            "F16" => DType.Float16,
            "I32" => DType.Int32,
            "F8_E4M3" => DType.Float8E4M3,
            "F8_E5M2" => DType.Float8E5M2,
            _ => throw new CheckpointException($"{Path}: tensor {name} is of {entry.DType}, which is not supported"),
        };

        // A scalar is a vector of one.
        return entry.Shape.Count > TensorShape.MaxRank
            ? throw new CheckpointException($"{Path}: tensor {name} has {entry.Shape.Count} dimensions")
            : new Tensor(memory, dataStart + entry.Begin, new TensorShape(entry.Shape.Count == 0 ? [1] : entry.Shape.ToArray()), dtype);
    }

    public void Dispose() => memory.Dispose();
}
