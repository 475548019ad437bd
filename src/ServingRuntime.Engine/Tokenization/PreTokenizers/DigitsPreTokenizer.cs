using Octavo.ServingRuntime.Engine.Tokenization.Patterns;

namespace Octavo.ServingRuntime.Engine.Tokenization.PreTokenizers;

/// <summary>Separates numbers from the rest, as runs or digit by digit.</summary>
internal sealed class DigitsPreTokenizer(bool individual) : PreTokenizer
{
    private readonly SplitPreTokenizer splitter = new(
        SplitPattern.FromRegex(@"\p{N}"), individual ? SplitBehavior.Isolated : SplitBehavior.Contiguous, invert: false);

    public override List<Piece> Split(List<Piece> pieces) => splitter.Split(pieces);
}
