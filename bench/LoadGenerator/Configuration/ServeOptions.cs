using System.Text.Json.Nodes;
using Octavo.LoadGenerator.Client;
using Octavo.LoadGenerator.Workload;

namespace Octavo.LoadGenerator.Configuration;

/// <summary>What one run measures; the flags' names are those of vLLM's <c>bench serve</c> where it has them.</summary>
internal sealed record ServeOptions
{
    /// <summary>vLLM's number of prompts when neither a number nor a duration is given.</summary>
    public const int DefaultNumPrompts = 1000;

    public string BaseUrl { get; init; } = "http://127.0.0.1:8000";

    /// <summary>Absent: the first that <c>/v1/models</c> lists.</summary>
    public string? Model { get; init; }

    /// <summary>Path; its end says what is sent.</summary>
    public string Endpoint { get; init; } = "/v1/chat/completions";

    public string? ApiKey { get; init; }

    /// <summary>Further headers of every request.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Further members of every body.</summary>
    public JsonObject? ExtraBody { get; init; }

    /// <summary>Requests to send, every turn of a conversation counted; with <see cref="Duration"/> the most.</summary>
    public int? NumPrompts { get; init; }

    /// <summary>Stop sending after this time.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Sent and answered before anything is counted.</summary>
    public int NumWarmups { get; init; }

    /// <summary>Sessions in flight at once; absent: no bound.</summary>
    public int? MaxConcurrency { get; init; }

    /// <summary>Arrivals per second; infinite: as fast as the concurrency allows.</summary>
    public double RequestRate { get; init; } = double.PositiveInfinity;

    /// <summary>Shape of the gamma distribution of the gaps: 1 is a Poisson process, less is burstier.</summary>
    public double Burstiness { get; init; } = 1;

    /// <summary>Requests that arrive at once.</summary>
    public int BurstSize { get; init; } = 1;

    public RampUp? RampUp { get; init; }

    public int Seed { get; init; }

    public DatasetKind Dataset { get; init; } = DatasetKind.Random;

    public string? DatasetPath { get; init; }

    /// <summary>Tokens of a prompt, without prefix and chat template.</summary>
    public LengthDistribution InputLen { get; init; } = LengthDistribution.Fixed(128);

    /// <summary>The most tokens that a request generates.</summary>
    public LengthDistribution OutputLen { get; init; } = LengthDistribution.Fixed(64);

    /// <summary>Whether the user gave an output length: ShareGPT's own is taken otherwise.</summary>
    public bool OutputLenGiven { get; init; }

    /// <summary>Fixed and uniform lengths are drawn from (1 - ratio) to (1 + ratio) of themselves.</summary>
    public double RangeRatio { get; init; }

    /// <summary>Tokens of a shared prefix (a conversation's system message); 0: none.</summary>
    public int PrefixLen { get; init; }

    public int NumPrefixes { get; init; } = 1;

    /// <summary>Turns of a conversation.</summary>
    public LengthDistribution Turns { get; init; } = LengthDistribution.Fixed(4);

    /// <summary>Between an answer and the next turn.</summary>
    public TimeSpan ThinkTime { get; init; }

    /// <summary>Prompts are random token ids below this, instead of words.</summary>
    public int? VocabSize { get; init; }

    /// <summary>A trace is replayed this many times as fast.</summary>
    public double TimeScale { get; init; } = 1;

    /// <summary>Lengths of a trace are multiplied by this.</summary>
    public double LengthScale { get; init; } = 1;

    /// <summary>Seconds, up to which arrivals of a trace with coarse times are moved.</summary>
    public double TraceJitter { get; init; }

    /// <summary>Tokens of a block that a trace names.</summary>
    public int TraceBlockSize { get; init; } = 512;

    /// <summary>Takes only the lengths of a trace; arrivals as without one.</summary>
    public bool IgnoreTraceTimes { get; init; }

    public int MaxInputLen { get; init; } = 1024;

    public int MaxOutputLen { get; init; } = 1024;

    /// <summary>Asks the server to generate all tokens up to the limit.</summary>
    public bool IgnoreEos { get; init; }

    public double? Temperature { get; init; }

    public bool NoStream { get; init; }

    /// <summary>A request that takes longer counts as failed.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long to wait for a server that does not answer yet.</summary>
    public TimeSpan ReadyTimeout { get; init; }

    public ServiceLevel? Goodput { get; init; }

    /// <summary>Default: <c>/metrics</c> under the base URL.</summary>
    public string? MetricsUrl { get; init; }

    /// <summary>Between two looks at the server's metrics; zero: only before and after.</summary>
    public TimeSpan MetricsInterval { get; init; } = TimeSpan.FromSeconds(0.5);

    public bool NoMetrics { get; init; }

    /// <summary>What reports call this run.</summary>
    public string? Label { get; init; }

    /// <summary>Prints nothing but errors.</summary>
    public bool Quiet { get; init; }

    /// <summary>File for the result as JSON.</summary>
    public string? JsonPath { get; init; }

    /// <summary>The result gets every request's times.</summary>
    public bool SaveDetailed { get; init; }

    public EndpointKind EndpointKind => Endpoint switch
    {
        _ when Endpoint.EndsWith("chat/completions", StringComparison.Ordinal) => EndpointKind.ChatCompletions,
        _ when Endpoint.EndsWith("embeddings", StringComparison.Ordinal) => EndpointKind.Embeddings,
        _ => EndpointKind.Completions,
    };

    public bool Stream => !NoStream && EndpointKind != EndpointKind.Embeddings;
}
