namespace Octavo.ServingRuntime.Engine;

/// <summary>How a prompt's hidden states become one vector.</summary>
/// <param name="Type">Which states.</param>
/// <param name="Normalize">Whether it is scaled to length 1.</param>
/// <param name="Dimensions">Leading elements to keep (Matryoshka), before scaling; null: all.</param>
public sealed record PoolingParams(PoolingType Type, bool Normalize = true, int? Dimensions = null);

public enum PoolingType
{
    /// <summary>The last token's.</summary>
    Last,

    /// <summary>The mean over all tokens.</summary>
    Mean,
}
