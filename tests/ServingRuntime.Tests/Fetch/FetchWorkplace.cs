using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Fetch;

/// <summary>A cache in a temporary folder, and a fetch into it with an environment of the test's own.</summary>
internal sealed class FetchWorkplace : IDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("octavo-fetch-");

    public string Root => root.FullName;

    public string Cache => Path.Combine(Root, "cache");

    public Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal);

    public StringWriter Log { get; } = new();

    public Func<string, long> FreeBytes { get; set; } = _ => 1L << 40;

    public TimeProvider Time { get; init; } = new HurriedTimeProvider();

    /// <summary>Small parts, so that a small model has many.</summary>
    public FetchOptions Options(string uri) => new() { Uri = uri, CacheDirectory = Cache, PartBytes = 64 << 10, StallTimeout = TimeSpan.FromHours(1) };

    public FetchEnvironment Environment => new(Variables.GetValueOrDefault, Time, new Random(1), FreeBytes, Log);

    public Task<FetchResult> FetchAsync(string uri, Func<FetchOptions, FetchOptions>? change = null, CancellationToken cancellationToken = default)
    {
        var options = Options(uri);
        return new ModelFetcher(change?.Invoke(options) ?? options, Environment).FetchAsync(cancellationToken);
    }

    public string EntryOf(string uri, string? sha256 = null) => Path.Combine(Cache, ModelCachePath.EntryName(uri, sha256));

    /// <summary>Whether a published folder holds the model that ships, to the byte.</summary>
    public static void ShouldBeTinyModel(string folder)
    {
        foreach (var file in (string[])["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"])
        {
            File.ReadAllBytes(Path.Combine(folder, file)).Should().Equal(File.ReadAllBytes(Path.Combine(Repository.TinyModel, file)), file);
        }
    }

    /// <summary>The model that ships with its weights in two shards and an index; further files that nobody needs.</summary>
    public string ShardedModel()
    {
        var folder = Path.Combine(Root, "sharded");
        Directory.CreateDirectory(folder);
        foreach (var file in (string[])["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"])
        {
            File.Copy(Path.Combine(Repository.TinyModel, file), Path.Combine(folder, file));
        }

        var whole = File.ReadAllBytes(Path.Combine(Repository.TinyModel, "model.safetensors"));
        var headerBytes = (int)BinaryPrimitives.ReadInt64LittleEndian(whole);
        var tensors = JsonNode.Parse(whole.AsSpan(8, headerBytes))!.AsObject().Where(t => t.Key != "__metadata__").OrderBy(t => (long)t.Value!["data_offsets"]![0]!).ToList();
        var map = new JsonObject();
        for (var shard = 0; shard < 2; shard++)
        {
            var name = $"model-0000{shard + 1}-of-00002.safetensors";
            var header = new JsonObject();
            using var data = new MemoryStream();
            foreach (var (tensor, entry) in tensors.Where((_, i) => i % 2 == shard))
            {
                var (begin, end) = ((int)entry!["data_offsets"]![0]!, (int)entry["data_offsets"]![1]!);
                header[tensor] = new JsonObject { ["dtype"] = entry["dtype"]!.DeepClone(), ["shape"] = entry["shape"]!.DeepClone(), ["data_offsets"] = new JsonArray(data.Length, data.Length + end - begin) };
                data.Write(whole.AsSpan(8 + headerBytes + begin, end - begin));
                map[tensor] = name;
            }

            var front = JsonSerializer.SerializeToUtf8Bytes(header);
            File.WriteAllBytes(Path.Combine(folder, name), [.. BitConverter.GetBytes((long)front.Length), .. front, .. data.ToArray()]);
        }

        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), new JsonObject { ["metadata"] = new JsonObject(), ["weight_map"] = map }.ToJsonString());
        File.WriteAllText(Path.Combine(folder, "pytorch_model.bin"), "a pickle");
        File.WriteAllText(Path.Combine(folder, "consolidated.safetensors"), "the same again in another form");
        return folder;
    }

    public void Dispose() => root.Delete(recursive: true);
}
