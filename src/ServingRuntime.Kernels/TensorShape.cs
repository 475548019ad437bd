namespace Octavo.ServingRuntime.Kernels;

/// <summary>One to four dimensions, outermost first; none is negative and the product is checked. Held inline so that views cost no allocation.</summary>
public readonly struct TensorShape : IEquatable<TensorShape>
{
    public const int MaxRank = 4;
    private readonly int d0;
    private readonly int d1;
    private readonly int d2;
    private readonly int d3;

    public TensorShape(params ReadOnlySpan<int> dimensions)
    {
        if (dimensions.Length is 0 or > MaxRank)
        {
            throw new ArgumentException($"a shape has 1 to {MaxRank} dimensions, not {dimensions.Length}", nameof(dimensions));
        }

        long count = 1;
        foreach (var dimension in dimensions)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(dimension, nameof(dimensions));
            count = checked(count * dimension);
        }

        Rank = dimensions.Length;
        ElementCount = count;
        d0 = dimensions[0];
        d1 = Rank > 1 ? dimensions[1] : 1;
        d2 = Rank > 2 ? dimensions[2] : 1;
        d3 = Rank > 3 ? dimensions[3] : 1;
    }

    public int Rank { get; }

    public long ElementCount { get; }

    public int this[int dimension] => dimension switch
    {
        0 when Rank > 0 => d0,
        1 when Rank > 1 => d1,
        2 when Rank > 2 => d2,
        3 when Rank > 3 => d3,
        _ => throw new ArgumentOutOfRangeException(nameof(dimension), dimension, $"a shape of {Rank} dimensions"),
    };

    public static bool operator ==(TensorShape left, TensorShape right) => left.Equals(right);

    public static bool operator !=(TensorShape left, TensorShape right) => !left.Equals(right);

    public bool Equals(TensorShape other) => Rank == other.Rank && d0 == other.d0 && d1 == other.d1 && d2 == other.d2 && d3 == other.d3;

    public override bool Equals(object? obj) => obj is TensorShape other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Rank, d0, d1, d2, d3);

    public override string ToString() => Rank switch
    {
        0 => "[]",
        1 => $"[{d0}]",
        2 => $"[{d0}, {d1}]",
        3 => $"[{d0}, {d1}, {d2}]",
        _ => $"[{d0}, {d1}, {d2}, {d3}]",
    };
}
