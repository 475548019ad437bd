namespace Octavo.ServingContract;

/// <summary>HTTP paths that operator, gateway and runtime agree on.</summary>
public static class ServingPaths
{
    public const string ChatCompletions = "/v1/chat/completions";
    public const string Completions = "/v1/completions";
    public const string Embeddings = "/v1/embeddings";
    public const string Responses = "/v1/responses";
    public const string Models = "/v1/models";

    /// <summary>Alive: 200 while the engine's heartbeat moves whenever work exists.</summary>
    public const string Health = "/health";

    /// <summary>Ready: 200 once weights are loaded and until draining begins.</summary>
    public const string Ready = "/ready";

    public const string Metrics = "/metrics";
    public const string Version = "/version";

    /// <summary>Requests in progress, as vLLM's.</summary>
    public const string Load = "/load";

    /// <summary>On the admin listener alone: state of the engine and of what is in flight, without texts.</summary>
    public const string Stats = "/stats";

    /// <summary>On the admin listener alone: turns new requests away while those in flight end; <see cref="Resume"/> undoes it.</summary>
    public const string Drain = "/drain";

    public const string Resume = "/resume";

    /// <summary>On the admin listener alone, as vLLM's.</summary>
    public const string ResetPrefixCache = "/reset_prefix_cache";

    /// <summary>Of a fetch, while it runs: a <see cref="ServingContract.FetchProgress"/>.</summary>
    public const string FetchProgress = "/progress";
}
