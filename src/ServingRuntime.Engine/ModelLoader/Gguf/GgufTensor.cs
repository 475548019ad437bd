namespace Octavo.ServingRuntime.Engine.ModelLoader.Gguf;

/// <summary>One tensor of a GGUF file.</summary>
/// <param name="Memory">The mapped file.</param>
/// <param name="Offset">Of its first byte in the file.</param>
/// <param name="Shape">Outermost first, as elsewhere here (the file has them innermost first).</param>
internal sealed record GgufTensor(MappedMemory Memory, string Name, GgufTensorFormat Format, IReadOnlyList<int> Shape, long Offset)
{
    /// <summary>Numbers of a row.</summary>
    public int Columns => Shape[^1];

    /// <summary>Rows of all outer dimensions together.</summary>
    public long Rows => Shape.SkipLast(1).Aggregate(1L, (product, dimension) => product * dimension);

    public long RowBytes => (long)Columns / Format.BlockSize * Format.BlockBytes;

    public long Bytes => RowBytes * Rows;
}
