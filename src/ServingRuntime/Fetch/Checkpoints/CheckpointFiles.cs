using System.Text.Json;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Fetch.Sources;

namespace Octavo.ServingRuntime.Fetch.Checkpoints;

/// <summary>
/// Which files of a source a checkpoint needs: its configuration, tokenizer and templates, and one set of weights: the safetensors that the index
/// names, or model.safetensors, or the GGUF file that the URI names. Pickles (.bin, .pt, .pth, .ckpt) are never fetched: to load one is to run it.
/// </summary>
internal static class CheckpointFiles
{
    public const string Config = "config.json";
    public const string Index = "model.safetensors.index.json";
    public const string SingleWeights = "model.safetensors";
    public const string GgufSuffix = ".gguf";

    /// <summary>Configuration is small; a source that says otherwise is not asked for it.</summary>
    public const int MostMetadataBytes = 256 << 20;

    private static readonly string[] Names =
    [
        Config, "generation_config.json", "quantize_config.json", "quant_config.json", "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json",
        "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "chat_template.jinja", "chat_template.json", "modules.json", "1_Pooling/config.json",
    ];

    private static readonly string[] Pickles = [".bin", ".pt", ".pth", ".ckpt"];

    /// <summary>Files that are fetched where they exist, weights aside.</summary>
    public static IReadOnlyList<string> Metadata => Names;

    public static bool IsMetadata(string path) =>
        Names.Contains(path, StringComparer.Ordinal) || (path.StartsWith("additional_chat_templates/", StringComparison.Ordinal) && path.EndsWith(".jinja", StringComparison.Ordinal));

    /// <summary>What is taken out of an archive, by the path below wherever the model lies in it.</summary>
    public static bool IsWanted(string path) =>
        IsMetadata(path) || IsMetadata(path[(path.LastIndexOf('/') + 1)..]) || path.EndsWith("/1_Pooling/config.json", StringComparison.Ordinal)
        || path.Contains("additional_chat_templates/", StringComparison.Ordinal) || path.EndsWith(".safetensors", StringComparison.Ordinal)
        || path.EndsWith(Index, StringComparison.Ordinal) || path.EndsWith(GgufSuffix, StringComparison.Ordinal);

    /// <summary>A listing that has no other weights than one GGUF model, in one file or in parts, means that.</summary>
    public static SourceListing WithNamedWeights(SourceListing listing)
    {
        if (listing.NamedWeights is not null || listing.Files.Any(f => f.IsArchive || f.Path.EndsWith(".safetensors", StringComparison.Ordinal)))
        {
            return listing;
        }

        // Encoders of images lie beside their models and are none.
        var ggufs = listing.Files.Select(f => f.Path).Where(p => IsGguf(p) && !p.StartsWith("mmproj", StringComparison.OrdinalIgnoreCase) && !p.Contains('/', StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        var models = ggufs.DistinctBy(ModelLocation.ModelOf, StringComparer.Ordinal).ToList();
        return models.Count == 1 ? listing with { NamedWeights = models[0] } : listing;
    }

    /// <summary>The files to fetch: small ones, then weights.</summary>
    /// <param name="listing">What there is.</param>
    /// <param name="source">The source's name, for messages.</param>
    /// <param name="readIndex">Reads the index; called only where it is listed and needed.</param>
    /// <exception cref="FetchException">There are no weights that can be served, or the index names what is not there.</exception>
    public static async Task<(IReadOnlyList<SourceFile> Metadata, IReadOnlyList<SourceFile> Weights)> SelectAsync(
        SourceListing listing, string source, Func<SourceFile, Task<byte[]>> readIndex)
    {
        var files = new Dictionary<string, SourceFile>(StringComparer.Ordinal);
        foreach (var file in listing.Files)
        {
            files[file.Path] = file;
        }

        var metadata = files.Values.Where(f => IsMetadata(f.Path)).OrderBy(f => f.Path, StringComparer.Ordinal).ToList();
        if (metadata.FirstOrDefault(f => f.Size > MostMetadataBytes) is { } large)
        {
            throw new FetchException(FetchExitCode.InvalidModel, $"{source} has a {large.Path} of {large.Size} bytes, which is no model's.");
        }

        var archives = files.Values.Where(f => f.IsArchive).ToList();
        if (archives.Count > 0)
        {
            // What is in them shows when they are here; whatever lies beside them comes too.
            return (metadata, [.. archives, .. files.Values.Where(f => !f.IsArchive && !IsMetadata(f.Path) && IsWanted(f.Path))]);
        }

        if (listing.NamedWeights is { } named)
        {
            return (metadata, [.. GgufParts(files, named, source)]);
        }

        if (files.TryGetValue(Index, out var index))
        {
            var shards = ShardsOf(await readIndex(index).ConfigureAwait(false), source);
            var absent = shards.Where(s => !files.ContainsKey(s)).ToList();
            return absent.Count == 0
                ? ([.. metadata, index], [.. shards.Select(s => files[s])])
                : throw new FetchException(FetchExitCode.InvalidModel, $"{source} has an index that names {string.Join(", ", absent.Take(3))}, which is not there.");
        }

        return files.TryGetValue(SingleWeights, out var single) ? (metadata, [single]) : throw NoWeights(files, source);
    }

    /// <summary>The shards that an index names, each once.</summary>
    /// <exception cref="FetchException">It is no such index.</exception>
    public static IReadOnlyList<string> ShardsOf(byte[] index, string source)
    {
        try
        {
            using var document = JsonDocument.Parse(index);
            var shards = document.RootElement.GetProperty("weight_map").EnumerateObject().Select(p => p.Value.GetString() ?? "").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
            return shards.Count > 0 && shards.All(s => s.EndsWith(".safetensors", StringComparison.Ordinal) && RelativePath.Normalize(s) == s)
                ? shards
                : throw new FetchException(FetchExitCode.InvalidModel, $"{source} has a {Index} that names no safetensors shards.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new FetchException(FetchExitCode.InvalidModel, $"{source} has a {Index} that is malformed: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>A GGUF file, or all of its parts (name-00001-of-00003.gguf).</summary>
    private static IEnumerable<SourceFile> GgufParts(Dictionary<string, SourceFile> files, string named, string source)
    {
        if (!files.TryGetValue(named, out var file))
        {
            throw new FetchException(FetchExitCode.NotFound, $"{source} does not exist: there is no {named}.");
        }

        var model = ModelLocation.ModelOf(named);
        if (model == named)
        {
            return [file];
        }

        // What follows the number is how many parts there are: a folder may hold the same model cut in another way.
        var of = named.LastIndexOf("-of-", StringComparison.Ordinal);
        return files.Values.Where(f => ModelLocation.ModelOf(f.Path) == model && f.Path.EndsWith(named[of..], StringComparison.Ordinal)).OrderBy(f => f.Path, StringComparer.Ordinal);
    }

    private static bool IsGguf(string path) => path.EndsWith(GgufSuffix, StringComparison.OrdinalIgnoreCase);

    private static FetchException NoWeights(Dictionary<string, SourceFile> files, string source)
    {
        var pickle = files.Keys.FirstOrDefault(p => Pickles.Any(s => p.EndsWith(s, StringComparison.Ordinal)));
        var ggufs = files.Keys.Where(p => p.EndsWith(GgufSuffix, StringComparison.Ordinal)).Order(StringComparer.Ordinal).Take(3).ToList();
        var has = ggufs.Count > 0 ? $"; it has GGUF files ({string.Join(", ", ggufs)}…): name one at the end of the URI"
            : pickle is not null ? $"; it has {pickle}, a pickle, which is never loaded: convert it to safetensors"
            : files.Count == 0 ? "; it is empty" : "";
        return new FetchException(FetchExitCode.InvalidModel, $"{source} has neither {SingleWeights} nor {Index}{has}.");
    }
}
