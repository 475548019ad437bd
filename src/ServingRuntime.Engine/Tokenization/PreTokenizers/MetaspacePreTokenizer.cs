using Octavo.ServingRuntime.Engine.Tokenization.Buffers;
using Octavo.ServingRuntime.Engine.Tokenization.Patterns;

namespace Octavo.ServingRuntime.Engine.Tokenization.PreTokenizers;

/// <summary>SentencePiece's spaces: each becomes a visible mark, and the text is split before the marks.</summary>
internal sealed class MetaspacePreTokenizer(string mark, PrependScheme scheme, bool split) : PreTokenizer
{
    private readonly SplitPreTokenizer splitter = new(SplitPattern.FromLiteral(mark), SplitBehavior.MergedWithNext, invert: false);

    public override bool PutsIn => true;

    /// <summary>Whether only the piece at the beginning of the text is marked.</summary>
    public bool MarksFirst => scheme == PrependScheme.First;

    public override void Split(PieceList pieces)
    {
        var text = pieces.Text;
        for (var i = 0; i < pieces.Count; i++)
        {
            var piece = pieces[i];
            var start = text.NewLength;
            var prepend = scheme == PrependScheme.Always || (scheme == PrependScheme.First && pieces.AtStart(i));
            if (prepend && piece[0] != ' ' && !piece.StartsWith(mark, StringComparison.Ordinal))
            {
                text.Append(mark);
            }

            AppendMarked(text, piece);
            pieces.Add(start, text.NewLength);
        }

        text.Commit();
        pieces.Commit();
        if (mark.Length == 1)
        {
            text.Writable.Replace(' ', mark[0]);
        }

        if (split)
        {
            splitter.Split(pieces);
        }
    }

    private void AppendMarked(TextBuffer text, ReadOnlySpan<char> piece)
    {
        if (mark.Length == 1)
        {
            text.Append(piece);
            return;
        }

        foreach (var unit in piece)
        {
            text.Append(unit == ' ' ? mark : [unit]);
        }
    }
}
