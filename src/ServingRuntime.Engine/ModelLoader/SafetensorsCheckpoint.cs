using System.Text.Json;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.ModelLoader;

/// <summary>A folder's weights: model.safetensors, or the shards that model.safetensors.index.json names.</summary>
internal sealed class SafetensorsCheckpoint : Checkpoint
{
    private const string SingleFile = "model.safetensors";
    private const string IndexFile = "model.safetensors.index.json";
    private readonly Dictionary<string, SafetensorsFile> files;
    private readonly List<SafetensorsFile> opened;

    private SafetensorsCheckpoint(Dictionary<string, SafetensorsFile> files, List<SafetensorsFile> opened)
    {
        this.files = files;
        this.opened = opened;
    }

    public override IReadOnlyCollection<string> Names => files.Keys;

    /// <exception cref="CheckpointException">No weights, or malformed ones.</exception>
    public static new SafetensorsCheckpoint Open(string folder)
    {
        var index = Path.Combine(folder, IndexFile);
        var opened = new List<SafetensorsFile>();
        try
        {
            if (File.Exists(index))
            {
                return new SafetensorsCheckpoint(OpenShards(folder, index, opened), opened);
            }

            var single = Path.Combine(folder, SingleFile);
            if (!File.Exists(single))
            {
                throw new CheckpointException($"{folder}: neither {SingleFile} nor {IndexFile}");
            }

            opened.Add(SafetensorsFile.Open(single));
            return new SafetensorsCheckpoint(opened[0].Names.ToDictionary(name => name, _ => opened[0], StringComparer.Ordinal), opened);
        }
        catch
        {
            opened.ForEach(file => file.Dispose());
            throw;
        }
    }

    public override Tensor Tensor(string name) =>
        files.TryGetValue(name, out var file) ? file.Tensor(name) : throw new CheckpointException($"the checkpoint has no tensor {name}");

    public override void Dispose() => opened.ForEach(file => file.Dispose());

    private static Dictionary<string, SafetensorsFile> OpenShards(string folder, string index, List<SafetensorsFile> opened)
    {
        var shards = new Dictionary<string, SafetensorsFile>(StringComparer.Ordinal);
        var files = new Dictionary<string, SafetensorsFile>(StringComparer.Ordinal);
        foreach (var (name, shard) in ReadIndex(index))
        {
            if (!shards.TryGetValue(shard, out var file))
            {
                file = SafetensorsFile.Open(Path.Combine(folder, shard));
                opened.Add(file);
                shards.Add(shard, file);
            }

            if (!file.Names.Contains(name))
            {
                throw new CheckpointException($"{index}: tensor {name} is not in {shard}");
            }

            files.Add(name, file);
        }

        var unlisted = opened.SelectMany(file => file.Names).Where(name => !files.ContainsKey(name)).Order(StringComparer.Ordinal).ToList();
        return unlisted.Count == 0 ? files : throw new CheckpointException($"{index}: does not list {string.Join(", ", unlisted)}");
    }

    private static List<(string Name, string Shard)> ReadIndex(string index)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(index), new JsonDocumentOptions { AllowDuplicateProperties = false });
            var map = new List<(string, string)>();
            foreach (var property in document.RootElement.GetProperty("weight_map").EnumerateObject())
            {
                var shard = property.Value.GetString() ?? "";
                if (shard.Length == 0 || Path.GetFileName(shard) != shard || shard is "." or ".." || shard.Contains('\0', StringComparison.Ordinal))
                {
                    throw new CheckpointException($"{index}: shard name '{shard}' is no plain file name");
                }

                map.Add((property.Name, shard));
            }

            return map;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or IOException)
        {
            throw new CheckpointException($"{index}: {exception.Message}", exception);
        }
    }
}
