namespace Octavo.ServingRuntime.Engine.Tokenization.Decoders;

/// <summary>WordPiece: a token that does not continue the one before it begins a new word.</summary>
internal sealed class WordPieceDecoder(string prefix, bool cleanup) : TokenDecoder
{
    public override List<string> Decode(List<string> tokens)
    {
        var output = new List<string>(tokens.Count);
        foreach (var token in tokens)
        {
            var text = output.Count == 0 ? token : token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : " " + token;
            output.Add(cleanup ? Clean(text) : text);
        }

        return output;
    }

    /// <summary>Undoes the spaces that splitting English put in.</summary>
    public static string Clean(string text) => text
        .Replace(" .", ".", StringComparison.Ordinal).Replace(" ?", "?", StringComparison.Ordinal).Replace(" !", "!", StringComparison.Ordinal).Replace(" ,", ",", StringComparison.Ordinal)
        .Replace(" ' ", "'", StringComparison.Ordinal).Replace(" n't", "n't", StringComparison.Ordinal).Replace(" 'm", "'m", StringComparison.Ordinal)
        .Replace(" do not", " don't", StringComparison.Ordinal).Replace(" 's", "'s", StringComparison.Ordinal).Replace(" 've", "'ve", StringComparison.Ordinal)
        .Replace(" 're", "'re", StringComparison.Ordinal);
}

/// <summary>BPE with a suffix at the end of words: it becomes a space, but for the last token.</summary>
internal sealed class BpeDecoder(string suffix) : TokenDecoder
{
    public override List<string> Decode(List<string> tokens)
        => suffix.Length == 0 ? tokens : [.. tokens.Select((token, i) => token.Replace(suffix, i + 1 == tokens.Count ? "" : " ", StringComparison.Ordinal))];
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

            var text = padding.Length > 0 ? tokens[i].Replace(padding, "", StringComparison.Ordinal) : tokens[i];
            if (cleanup)
            {
                text = WordPieceDecoder.Clean(text);
                text = wordDelimiter.Length > 0 ? text.Replace(wordDelimiter, " ", StringComparison.Ordinal) : text;
            }

            if (text.Length > 0)
            {
                output.Add(text);
            }
        }

        return output;
    }
}
