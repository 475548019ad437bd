namespace Octavo.EngineBench.Checkpoints;

/// <summary>A tensor by its names in both worlds.</summary>
/// <param name="Prefix">Hugging Face's name, without .weight or .bias.</param>
/// <param name="GgufPrefix">llama.cpp's, likewise.</param>
/// <param name="Rows">1 for a vector.</param>
internal sealed record CheckpointTensor(string Prefix, string GgufPrefix, string Suffix, int Rows, int Columns, float Mean, float Deviation)
{
    public string Name => $"{Prefix}.{Suffix}";

    public string GgufName => $"{GgufPrefix}.{Suffix}";

    public bool IsMatrix => Rows > 1;

    /// <summary>Embeddings and head, which 4 bit formats keep wider than the layers' matrices.</summary>
    public bool IsEmbedding { get; init; }

    public long Elements => (long)Rows * Columns;

    /// <summary>Scaled so that activations stay of order 1 through the layers.</summary>
    public static CheckpointTensor Matrix(string prefix, string ggufPrefix, int rows, int columns) => new(prefix, ggufPrefix, "weight", rows, columns, 0, 1 / MathF.Sqrt(columns));

    public static CheckpointTensor Norm(string prefix, string ggufPrefix, int width) => new(prefix, ggufPrefix, "weight", 1, width, 1, 0.1f);

    public static CheckpointTensor Bias(string prefix, string ggufPrefix, int width) => new(prefix, ggufPrefix, "bias", 1, width, 0, 0.1f);
}
