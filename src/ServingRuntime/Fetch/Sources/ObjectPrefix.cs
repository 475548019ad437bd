using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch.Checkpoints;

namespace Octavo.ServingRuntime.Fetch.Sources;

/// <summary>A model in an object store: a bucket and the keys that begin with a prefix; or one GGUF file.</summary>
/// <param name="Name">The URI.</param>
/// <param name="Bucket">The bucket.</param>
/// <param name="Prefix">Ends with a slash, or is empty.</param>
/// <param name="NamedWeights">The file that the URI names at its end; null: none.</param>
internal sealed record ObjectPrefix(string Name, string Bucket, string Prefix, string? NamedWeights)
{
    /// <summary>A bucket is no checkpoint: more objects than this are a prefix that is too short.</summary>
    public const int MostObjects = 20_000;

    /// <exception cref="FetchException">There is no bucket.</exception>
    public static ObjectPrefix Parse(string scheme, string rest)
    {
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var bucket = slash < 0 ? rest : rest[..slash];
        var path = slash < 0 ? "" : Uri.UnescapeDataString(rest[(slash + 1)..]).Trim('/');
        var name = $"{scheme}://{rest}";
        if (bucket.Length is < 2 or > 255 || !bucket.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
        {
            throw new FetchException(FetchExitCode.Usage, $"The URI {SafeName.Of(name)} names no bucket: write {scheme}://bucket/prefix.");
        }

        if (!path.EndsWith(CheckpointFiles.GgufSuffix, StringComparison.OrdinalIgnoreCase))
        {
            return new ObjectPrefix(name, bucket, path.Length == 0 ? "" : path + "/", null);
        }

        var folder = path.LastIndexOf('/') + 1;
        return new ObjectPrefix(name, bucket, path[..folder], path[folder..]);
    }

    /// <summary>The file of a key; null for what is no file of the model (the prefix itself, folders' marks).</summary>
    public string? PathOf(string key) =>
        key.Length > Prefix.Length && key.StartsWith(Prefix, StringComparison.Ordinal) && !key.EndsWith('/') ? RelativePath.Normalize(key[Prefix.Length..]) : null;

    public FetchException TooMany() =>
        new(FetchExitCode.InvalidModel, $"{Name} has more than {MostObjects} objects, which is no model: name the folder that holds {CheckpointFiles.Config}.");

    public FetchException Empty() => new(FetchExitCode.NotFound, $"{Name} does not exist: no object begins with {Prefix} in the bucket {Bucket}.");
}
