namespace Octavo.ServingRuntime.Engine.Tokenization.Buffers;

/// <summary>What one call of Encode works in; used by one thread at a time and again by later calls.</summary>
internal sealed class EncodingScratch
{
    /// <summary>What has grown beyond this, for a very long text, is not kept.</summary>
    private const int MostKept = 4 << 20;

    public PieceList Pieces { get; } = new();

    public IdBuffer Ids { get; } = new();

    public MergeScratch Merge { get; } = new();

    public bool IsWorthKeeping => Pieces.Text.Capacity <= MostKept && Pieces.Capacity <= MostKept && Ids.Capacity <= MostKept && Merge.Capacity <= MostKept;
}
