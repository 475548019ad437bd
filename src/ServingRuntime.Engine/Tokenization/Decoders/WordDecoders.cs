namespace Octavo.ServingRuntime.Engine.Tokenization.Decoders;

/// <summary>WordPiece: a token that does not continue the one before it begins a new word.</summary>
internal sealed class WordPieceDecoder(string prefix, bool cleanup) : TokenDecoder
{
    public override List<string> Decode(List<string> tokens) => [.. tokens.Select((token, i) => Join(token, i == 0))];

    public override TextStream? Stream(TextStream next, bool joined) => joined ? null : new MapStream(Join, next);

    /// <summary>Undoes the spaces that splitting English put in.</summary>
    public static string Clean(string text) => text
        .Replace(" .", ".", StringComparison.Ordinal).Replace(" ?", "?", StringComparison.Ordinal).Replace(" !", "!", StringComparison.Ordinal).Replace(" ,", ",", StringComparison.Ordinal)
        .Replace(" ' ", "'", StringComparison.Ordinal).Replace(" n't", "n't", StringComparison.Ordinal).Replace(" 'm", "'m", StringComparison.Ordinal)
        .Replace(" do not", " don't", StringComparison.Ordinal).Replace(" 's", "'s", StringComparison.Ordinal).Replace(" 've", "'ve", StringComparison.Ordinal)
        .Replace(" 're", "'re", StringComparison.Ordinal);

    private string Join(string token, bool isFirst)
    {
        var text = isFirst ? token : token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : " " + token;
        return cleanup ? Clean(text) : text;
    }
}

/// <summary>BPE with a suffix at the end of words: it becomes a space, but for the last token.</summary>
internal sealed class BpeDecoder(string suffix) : TokenDecoder
{
    public override List<string> Decode(List<string> tokens)
        => [.. tokens.Select((token, i) => Join(token, i + 1 == tokens.Count))];

    public override TextStream? Stream(TextStream next, bool joined) => joined ? null : new LastTokenStream(Join, next);

    private string Join(string token, bool isLast) => suffix.Length == 0 ? token : token.Replace(suffix, isLast ? "" : " ", StringComparison.Ordinal);
}

/// <summary>CTC: repetitions are one, padding is nothing.</summary>
internal sealed class CtcDecoder(string padding, string wordDelimiter, bool cleanup) : TokenDecoder
{
    public override List<string> Decode(List<string> tokens)
    {
        var output = new List<string>(tokens.Count);
        for (var i = 0; i < tokens.Count; i++)
        {
            if (i > 0 && tokens[i] == tokens[i - 1])
            {
                continue;
            }

            var text = Clean(tokens[i]);
            if (text.Length > 0)
            {
                output.Add(text);
            }
        }

        return output;
    }

    public override TextStream? Stream(TextStream next, bool joined) => joined ? null : new DistinctStream(Clean, next);

    private string Clean(string token)
    {
        var text = padding.Length > 0 ? token.Replace(padding, "", StringComparison.Ordinal) : token;
        if (!cleanup)
        {
            return text;
        }

        text = WordPieceDecoder.Clean(text);
        return wordDelimiter.Length > 0 ? text.Replace(wordDelimiter, " ", StringComparison.Ordinal) : text;
    }
}
