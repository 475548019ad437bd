namespace Octavo.LoadGenerator.Workload;

/// <summary>Draws pieces of a length in tokens: of words, whose length the scale estimates, or of token ids, whose length is exact.</summary>
/// <param name="vocabSize">Tokens of the vocabulary; null: words.</param>
internal sealed class PromptSource(TokenScale scale, int? vocabSize)
{
    /// <summary>The first ids of a vocabulary are most often special tokens.</summary>
    public const int FirstOrdinaryToken = 3;

    private static readonly string[] Words =
    [
        "river", "stone", "light", "paper", "green", "house", "morning", "little", "question", "answer", "garden", "winter", "music", "simple", "number", "letter",
        "water", "bridge", "yellow", "window", "story", "market", "quiet", "silver", "summer", "thunder", "copper", "basket", "forest", "candle", "mirror", "pencil",
        "orange", "planet", "rocket", "teacher", "village", "whisper", "butter", "castle", "dragon", "engine", "feather", "gentle", "hammer", "island", "jungle", "kitchen",
        "lantern", "mountain", "needle", "ocean", "pocket", "rabbit", "shadow", "ticket", "umbrella", "velvet", "wagon", "blanket", "circle", "desert", "eagle", "flower",
    ];

    public TokenScale Scale => scale;

    public PromptPiece Draw(int tokens, Random random)
    {
        if (vocabSize is not { } size)
        {
            return new PromptPiece(RandomWords(scale.WordsFor(tokens), random), null);
        }

        var ids = new int[tokens];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = random.Next(FirstOrdinaryToken, size);
        }

        return new PromptPiece("", ids);
    }

    public static string RandomWords(int count, Random random) => string.Join(' ', Enumerable.Range(0, count).Select(_ => Words[random.Next(Words.Length)]));
}
