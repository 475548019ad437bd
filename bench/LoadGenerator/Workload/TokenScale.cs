namespace Octavo.LoadGenerator.Workload;

/// <summary>
/// How words become tokens at the server: tokens = overhead + words × perWord. Learned from two answers' usage, since the generator has no tokenizer;
/// the overhead (chat template) is not part of the lengths that the user asks for.
/// </summary>
internal sealed record TokenScale(double TokensPerWord, double OverheadTokens)
{
    public static TokenScale FromTwo((int Words, int Tokens) shorter, (int Words, int Tokens) longer)
    {
        var perWord = (double)(longer.Tokens - shorter.Tokens) / (longer.Words - shorter.Words);
        return perWord > 0 ? new TokenScale(perWord, shorter.Tokens - (perWord * shorter.Words)) : new TokenScale(1, 0);
    }

    public int WordsFor(int tokens) => Math.Max(1, (int)Math.Round(tokens / TokensPerWord));

    public int TokensFor(int words) => Math.Max(1, (int)Math.Round(words * TokensPerWord));
}
