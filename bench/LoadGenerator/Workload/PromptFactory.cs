using Octavo.LoadGenerator.Configuration;

namespace Octavo.LoadGenerator.Workload;

/// <summary>Makes prompts of words drawn at random. The same seed gives the same prompts.</summary>
internal sealed class PromptFactory
{
    private static readonly string[] Words =
    [
        "river", "stone", "light", "paper", "green", "house", "morning", "little", "question", "answer", "garden", "winter", "music", "simple", "number", "letter",
        "water", "bridge", "yellow", "window", "story", "market", "quiet", "silver", "summer", "thunder", "copper", "basket", "forest", "candle", "mirror", "pencil",
        "orange", "planet", "rocket", "teacher", "village", "whisper", "butter", "castle", "dragon", "engine", "feather", "gentle", "hammer", "island", "jungle", "kitchen",
        "lantern", "mountain", "needle", "ocean", "pocket", "rabbit", "shadow", "ticket", "umbrella", "velvet", "wagon", "blanket", "circle", "desert", "eagle", "flower",
    ];

    private readonly ServeOptions options;
    private readonly TokenScale scale;
    private readonly Random random;
    private readonly string[] prefixes;

    public PromptFactory(ServeOptions options, TokenScale scale, Random random)
    {
        this.options = options;
        this.scale = scale;
        this.random = random;
        prefixes = options.Dataset == DatasetKind.PrefixRepetition
            ? [.. Enumerable.Range(0, options.NumPrefixes).Select(_ => RandomWords(scale.WordsFor(options.PrefixLen), random))]
            : [];
    }

    public BenchPrompt Next()
    {
        if (options.Dataset == DatasetKind.PrefixRepetition)
        {
            var prefix = prefixes[random.Next(prefixes.Length)];
            return new BenchPrompt(prefix + " " + RandomWords(scale.WordsFor(options.SuffixLen), random), options.PrefixOutputLen);
        }

        return new BenchPrompt(RandomWords(scale.WordsFor(Spread(options.RandomInputLen)), random), Spread(options.RandomOutputLen));
    }

    public static string RandomWords(int count, Random random) => string.Join(' ', Enumerable.Range(0, count).Select(_ => Words[random.Next(Words.Length)]));

    private int Spread(int length)
    {
        var least = (int)Math.Floor(length * (1 - options.RandomRangeRatio));
        var most = (int)Math.Ceiling(length * (1 + options.RandomRangeRatio));
        return Math.Max(1, random.Next(least, most + 1));
    }
}
