namespace Octavo.LoadGenerator.Configuration;

/// <summary>What <c>octavo-bench serve</c> measures; the names are those of vLLM's <c>bench serve</c> where it has them.</summary>
internal sealed record ServeOptions
{
    public string BaseUrl { get; init; } = "http://127.0.0.1:8000";

    /// <summary>Absent: the first that <c>/v1/models</c> lists.</summary>
    public string? Model { get; init; }

    /// <summary>Path; one that ends in <c>chat/completions</c> gets messages, any other gets a prompt.</summary>
    public string Endpoint { get; init; } = "/v1/chat/completions";

    public string? ApiKey { get; init; }

    /// <summary>Requests to send; with <see cref="Duration"/> the most.</summary>
    public int? NumPrompts { get; init; }

    /// <summary>Stop sending after this time.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Requests in flight at once; absent: no bound.</summary>
    public int? MaxConcurrency { get; init; }

    /// <summary>Requests per second, as a Poisson process; infinite: as fast as the concurrency allows.</summary>
    public double RequestRate { get; init; } = double.PositiveInfinity;

    public int Seed { get; init; }

    public DatasetKind Dataset { get; init; } = DatasetKind.Random;

    /// <summary>Tokens of a random prompt, without the chat template's.</summary>
    public int RandomInputLen { get; init; } = 128;

    /// <summary>The most tokens that a random request generates.</summary>
    public int RandomOutputLen { get; init; } = 64;

    /// <summary>Lengths are drawn evenly from (1 - ratio) to (1 + ratio) times the length.</summary>
    public double RandomRangeRatio { get; init; }

    public int PrefixLen { get; init; } = 256;
    public int SuffixLen { get; init; } = 64;
    public int NumPrefixes { get; init; } = 10;
    public int PrefixOutputLen { get; init; } = 64;

    /// <summary>Asks the server to generate all tokens up to the limit.</summary>
    public bool IgnoreEos { get; init; }

    public double? Temperature { get; init; }

    /// <summary>A request that takes longer counts as failed.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Prints nothing but errors.</summary>
    public bool Quiet { get; init; }

    /// <summary>File for the result as JSON.</summary>
    public string? JsonPath { get; init; }

    /// <summary>vLLM's number of prompts when neither a number nor a duration is given.</summary>
    public const int DefaultNumPrompts = 1000;
}

internal enum DatasetKind
{
    /// <summary>Every prompt is its own.</summary>
    Random,

    /// <summary>Prompts share one of a few prefixes, as chats with the same system prompt do.</summary>
    PrefixRepetition,
}
