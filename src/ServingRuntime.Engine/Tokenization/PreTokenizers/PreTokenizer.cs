namespace Octavo.ServingRuntime.Engine.Tokenization.PreTokenizers;

/// <summary>A piece of text on its way to the model.</summary>
/// <param name="Text">Never empty.</param>
/// <param name="AtStart">Whether it is the beginning of the whole input.</param>
internal readonly record struct Piece(string Text, bool AtStart);

/// <summary>Splits normalised text into the pieces across which the model never merges; the <c>pre_tokenizer</c> of a tokenizer.json.</summary>
internal abstract class PreTokenizer
{
    public abstract List<Piece> Split(List<Piece> pieces);
}

/// <summary>Applies several in order.</summary>
internal sealed class SequencePreTokenizer(IReadOnlyList<PreTokenizer> parts) : PreTokenizer
{
    public override List<Piece> Split(List<Piece> pieces)
    {
        foreach (var part in parts)
        {
            pieces = part.Split(pieces);
        }

        return pieces;
    }
}
