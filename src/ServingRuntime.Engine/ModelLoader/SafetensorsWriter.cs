using System.Buffers.Binary;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace Octavo.ServingRuntime.Engine.ModelLoader;

/// <summary>A tensor that is to be written. <paramref name="DType"/> is safetensors' name.</summary>
internal sealed record SafetensorsPlan(string Name, string DType, IReadOnlyList<int> Shape, long Bytes);

/// <summary>
/// Writes model.safetensors, or shards with their index where all tensors together are larger than a shard may be. Places are known from the start, so tensors come in any order and in
/// pieces, and none is kept in memory.
/// </summary>
internal sealed class SafetensorsWriter : IDisposable
{
    private const int Alignment = 8;
    private readonly Dictionary<string, Place> places = new(StringComparer.Ordinal);
    private readonly List<SafeFileHandle> files = [];

    /// <param name="folder">Exists, and has no weights.</param>
    /// <param name="tensors">In the order of the file.</param>
    /// <param name="maxShardBytes">A larger tensor gets a shard of its own.</param>
    public SafetensorsWriter(string folder, IReadOnlyList<SafetensorsPlan> tensors, long maxShardBytes)
    {
        var shards = Shards(tensors, maxShardBytes);
        var names = shards.Count == 1 ? ["model.safetensors"] : Enumerable.Range(1, shards.Count).Select(i => $"model-{i:00000}-of-{shards.Count:00000}.safetensors").ToList();
        try
        {
            for (var i = 0; i < shards.Count; i++)
            {
                files.Add(File.OpenHandle(Path.Combine(folder, names[i]), FileMode.CreateNew, FileAccess.Write));
                Begin(files[i], shards[i]);
            }
        }
        catch
        {
            Dispose();
            throw;
        }

        if (shards.Count > 1)
        {
            var map = shards.SelectMany((shard, i) => shard.Select(tensor => (tensor.Name, File: names[i]))).ToDictionary(entry => entry.Name, entry => entry.File, StringComparer.Ordinal);
            var index = new { metadata = new { total_size = tensors.Sum(tensor => tensor.Bytes) }, weight_map = map };
            File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), JsonSerializer.Serialize(index, new JsonSerializerOptions { WriteIndented = true }));
        }
    }

    /// <summary>The next bytes of a tensor.</summary>
    public void Append(string name, ReadOnlySpan<byte> bytes)
    {
        var place = places[name];
        if (bytes.Length > place.End - place.Next)
        {
            throw new InvalidOperationException($"tensor {name} takes {place.End - place.Begin} bytes, and more are written");
        }

        RandomAccess.Write(place.File, bytes, place.Next);
        places[name] = place with { Next = place.Next + bytes.Length };
    }

    /// <summary>Everything is on the disk afterwards.</summary>
    /// <exception cref="InvalidOperationException">Some tensor was not written, or not wholly.</exception>
    public void Complete()
    {
        foreach (var (name, place) in places.Where(entry => entry.Value.Next != entry.Value.End))
        {
            throw new InvalidOperationException($"of tensor {name} {place.Next - place.Begin} of {place.End - place.Begin} bytes were written");
        }

        files.ForEach(RandomAccess.FlushToDisk);
    }

    public void Dispose() => files.ForEach(file => file.Dispose());

    private static List<List<SafetensorsPlan>> Shards(IReadOnlyList<SafetensorsPlan> tensors, long maxShardBytes)
    {
        var shards = new List<List<SafetensorsPlan>> { new() };
        long size = 0;
        foreach (var tensor in tensors)
        {
            if (shards[^1].Count > 0 && size + tensor.Bytes > maxShardBytes)
            {
                shards.Add([]);
                size = 0;
            }

            shards[^1].Add(tensor);
            size += tensor.Bytes;
        }

        return shards;
    }

    /// <summary>Writes the table and remembers where each tensor goes.</summary>
    private void Begin(SafeFileHandle file, List<SafetensorsPlan> tensors)
    {
        var header = new Dictionary<string, object>(StringComparer.Ordinal) { ["__metadata__"] = new { format = "pt" } };
        long offset = 0;
        foreach (var tensor in tensors)
        {
            header.Add(tensor.Name, new { dtype = tensor.DType, shape = tensor.Shape, data_offsets = new[] { offset, offset + tensor.Bytes } });
            offset += tensor.Bytes;
        }

        // Spaces at the end keep the data aligned, as other writers do.
        var json = JsonSerializer.SerializeToUtf8Bytes(header);
        var front = new byte[8 + ((json.Length + Alignment - 1) / Alignment * Alignment)];
        front.AsSpan().Fill((byte)' ');
        BinaryPrimitives.WriteInt64LittleEndian(front, front.Length - 8);
        json.CopyTo(front, 8);
        RandomAccess.Write(file, front, 0);
        RandomAccess.SetLength(file, front.Length + offset);
        long begin = front.Length;
        foreach (var tensor in tensors)
        {
            places.Add(tensor.Name, new Place(file, begin, begin + tensor.Bytes, begin));
            begin += tensor.Bytes;
        }
    }

    private readonly record struct Place(SafeFileHandle File, long Begin, long End, long Next);
}
