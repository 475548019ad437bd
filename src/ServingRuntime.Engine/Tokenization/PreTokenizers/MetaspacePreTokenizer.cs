using Octavo.ServingRuntime.Engine.Tokenization.Patterns;

namespace Octavo.ServingRuntime.Engine.Tokenization.PreTokenizers;

/// <summary>When a Metaspace component puts its mark before the text.</summary>
internal enum PrependScheme
{
    Always,
    First,
    Never,
}

/// <summary>SentencePiece's spaces: each becomes a visible mark, and the text is split before the marks.</summary>
internal sealed class MetaspacePreTokenizer(string mark, PrependScheme scheme, bool split) : PreTokenizer
{
    private readonly SplitPreTokenizer splitter = new(SplitPattern.FromLiteral(mark), SplitBehavior.MergedWithNext, invert: false);

    public override List<Piece> Split(List<Piece> pieces)
    {
        var marked = pieces.ConvertAll(p =>
        {
            var text = p.Text.Replace(" ", mark, StringComparison.Ordinal);
            var prepend = scheme == PrependScheme.Always || (scheme == PrependScheme.First && p.AtStart);
            return p with { Text = prepend && !text.StartsWith(mark, StringComparison.Ordinal) ? mark + text : text };
        });
        return split ? splitter.Split(marked) : marked;
    }
}
