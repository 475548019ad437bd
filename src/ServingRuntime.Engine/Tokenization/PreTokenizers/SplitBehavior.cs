namespace Octavo.ServingRuntime.Engine.Tokenization.PreTokenizers;

/// <summary>What becomes of the text that a split pattern matches.</summary>
internal enum SplitBehavior
{
    Isolated,
    Removed,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}
