namespace Octavo.ServingRuntime.Engine.ModelLoader.Gguf;

/// <summary>A model's GGUF file or all of its parts: metadata of the first, tensors of all.</summary>
internal sealed class GgufModel : IDisposable
{
    private readonly List<GgufFile> files;

    private GgufModel(List<GgufFile> files, Dictionary<string, GgufTensor> tensors)
    {
        this.files = files;
        Tensors = tensors;
    }

    public string Path => files[0].Path;

    public GgufMetadata Metadata => files[0].Metadata;

    public IReadOnlyDictionary<string, GgufTensor> Tensors { get; }

    /// <exception cref="CheckpointException">A file is malformed, or parts do not belong together.</exception>
    public static GgufModel Open(IReadOnlyList<string> paths)
    {
        var files = new List<GgufFile>();
        try
        {
            var tensors = new Dictionary<string, GgufTensor>(StringComparer.Ordinal);
            foreach (var path in paths)
            {
                var file = GgufFile.Open(path);
                files.Add(file);
                if (paths.Count > 1 && (file.Metadata.Integer("split.count") != paths.Count || file.Metadata.Integer("split.no") != files.Count - 1))
                {
                    throw new CheckpointException($"{path}: says to be part {file.Metadata.Integer("split.no") + 1} of {file.Metadata.Integer("split.count")}, not {files.Count} of {paths.Count}");
                }

                foreach (var (name, tensor) in file.Tensors)
                {
                    if (!tensors.TryAdd(name, tensor))
                    {
                        throw new CheckpointException($"{path}: tensor {name} is in an earlier part, too");
                    }
                }
            }

            CheckKind(files[0], paths.Count);
            return new GgufModel(files, tensors);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    public void Dispose() => files.ForEach(file => file.Dispose());

    private static void CheckKind(GgufFile file, int parts)
    {
        var metadata = file.Metadata;
        if (metadata.Text("general.type") is { } type && type != "model")
        {
            throw new CheckpointException($"{file.Path}: holds no model but {type}");
        }

        if (parts == 1 && metadata.Integer("split.count") is > 1 and var count)
        {
            throw new CheckpointException($"{file.Path}: is one of {count} parts, but not named like one (name-00001-of-{count:00000}.gguf)");
        }

        if (metadata.Integer("general.quantization_version") is { } version && version != 2)
        {
            throw new CheckpointException($"{file.Path}: general.quantization_version {version} is not supported, 2 is");
        }

        // Weights that are right only behind a transform of their inputs would load and answer nonsense.
        if (metadata.Keys.FirstOrDefault(key => key.StartsWith("prism.", StringComparison.Ordinal)) is { } transform)
        {
            throw new CheckpointException($"{file.Path}: {transform}: weights that need a transform of their inputs are not supported");
        }
    }
}
