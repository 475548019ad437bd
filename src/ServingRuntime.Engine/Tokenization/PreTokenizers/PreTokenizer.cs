using Octavo.ServingRuntime.Engine.Tokenization.Buffers;

namespace Octavo.ServingRuntime.Engine.Tokenization.PreTokenizers;

/// <summary>Splits normalised text into the pieces across which the model never merges; the <c>pre_tokenizer</c> of a tokenizer.json.</summary>
internal abstract class PreTokenizer
{
    /// <summary>Splits each piece further; may rewrite the text.</summary>
    public abstract void Split(PieceList pieces);

    /// <summary>Whether it makes several characters of one.</summary>
    public virtual bool PutsIn => false;
}

/// <summary>Applies several in order.</summary>
internal sealed class SequencePreTokenizer(IReadOnlyList<PreTokenizer> parts) : PreTokenizer
{
    public override void Split(PieceList pieces)
    {
        foreach (var part in parts)
        {
            part.Split(pieces);
        }
    }
}
