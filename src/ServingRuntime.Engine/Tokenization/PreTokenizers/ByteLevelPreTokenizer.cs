using Octavo.ServingRuntime.Engine.Tokenization.Buffers;
using Octavo.ServingRuntime.Engine.Tokenization.Patterns;

namespace Octavo.ServingRuntime.Engine.Tokenization.PreTokenizers;

/// <summary>Writes each piece's UTF-8 bytes as the printable characters of GPT-2's alphabet, after GPT-2's own split where asked.</summary>
/// <param name="addPrefixSpace">Whether each piece is to begin with a space.</param>
/// <param name="useRegex">Whether pieces are split by GPT-2's pattern.</param>
/// <param name="writes">False where the model that comes next takes the bytes of the pieces themselves.</param>
internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, bool useRegex, bool writes) : PreTokenizer
{
    private readonly SplitPreTokenizer? splitter = useRegex
        ? new SplitPreTokenizer(SplitPattern.FromRegex(SplitPattern.Gpt2), SplitBehavior.Isolated, invert: false)
        : null;

    public override bool PutsIn => true;

    /// <summary>The same for a model that takes bytes.</summary>
    public ByteLevelPreTokenizer WithoutWriting() => new(addPrefixSpace, useRegex, writes: false);

    public override void Split(PieceList pieces)
    {
        if (addPrefixSpace)
        {
            Rewrite(pieces, static (piece, output) =>
            {
                if (piece[0] != ' ')
                {
                    output.Append(' ');
                }

                output.Append(piece);
            });
        }

        splitter?.Split(pieces);
        if (writes)
        {
            Rewrite(pieces, ByteAlphabet.Append);
        }
    }

    private static void Rewrite(PieceList pieces, Action<ReadOnlySpan<char>, TextBuffer> append)
    {
        for (var i = 0; i < pieces.Count; i++)
        {
            var start = pieces.Text.NewLength;
            append(pieces[i], pieces.Text);
            pieces.Add(start, pieces.Text.NewLength);
        }

        pieces.Text.Commit();
        pieces.Commit();
    }
}
