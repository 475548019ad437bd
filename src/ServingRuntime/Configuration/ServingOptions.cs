using Octavo.ServingContract;

namespace Octavo.ServingRuntime.Configuration;

/// <summary>What the server is started with, apart from the engine's own options.</summary>
internal sealed record ServingOptions
{
    /// <summary>Folder of the checkpoint, or a GGUF file.</summary>
    public required string Model { get; init; }

    /// <summary>Names under which the model is served; the first is the canonical one. Empty: the folder's name.</summary>
    public IReadOnlyList<string> ServedModelNames { get; init; } = [];

    /// <summary>Address to listen on. Loopback unless told otherwise: a server is never reachable by accident.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>0: any free port, named in the log.</summary>
    public int Port { get; init; } = ServingPorts.Http;

    /// <summary>Keys of which a request must bring one; empty: none is asked for.</summary>
    public IReadOnlyList<string> ApiKeys { get; init; } = [];

    /// <summary>A file of further keys, read again when it changes.</summary>
    public string? ApiKeyFile { get; init; }

    /// <summary>Whether tenants find each other's prompts in the prefix cache: faster for all, and each can find out by timing what others ask.</summary>
    public bool SharePrefixCache { get; init; }

    /// <summary>Requests in progress that one API key may have; beyond it they get 429.</summary>
    public int MaxConcurrentRequestsPerKey { get; init; } = 1024;

    /// <summary>How long a request may take from its arrival to its last token; null: for ever.</summary>
    public TimeSpan? RequestTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Address of the admin listener.</summary>
    public string AdminHost { get; init; } = "127.0.0.1";

    /// <summary>Null: there is no admin listener. 0: any free port.</summary>
    public int? AdminPort { get; init; }

    /// <summary>Keys of the admin listener, read again when the file changes.</summary>
    public string? AdminApiKeyFile { get; init; }

    /// <summary>Address of the probe listener.</summary>
    public string ProbeHost { get; init; } = "0.0.0.0";

    /// <summary>Null: there is no listener for probes alone. 0: any free port.</summary>
    public int? ProbePort { get; init; }

    /// <summary>Where traces go; null: nowhere, and none are made.</summary>
    public string? OtlpTracesEndpoint { get; init; }

    /// <summary>Whether answers carry their timings without being asked.</summary>
    public bool PerRequestMetrics { get; init; }

    /// <summary>text or json.</summary>
    public string LogFormat { get; init; } = "text";

    /// <summary>Whether there is a line of throughput and load while there is traffic.</summary>
    public bool LogStats { get; init; } = true;

    /// <summary>How long one step of the engine may last before /health says that it is stuck.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>auto, mean or last: how embeddings are made.</summary>
    public string Pooling { get; init; } = "auto";

    /// <summary>Whether a request of the server's own runs through all code before the first of a client.</summary>
    public bool WarmUp { get; init; } = true;

    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>File of a chat template that replaces the model's.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>Whether requests may bring a chat template of their own.</summary>
    public bool TrustRequestChatTemplate { get; init; }

    /// <summary>How the model writes tool calls: hermes, llama3_json, mistral, none, or auto.</summary>
    public string ToolCallParser { get; init; } = "auto";

    /// <summary>How the model sets reasoning apart: deepseek_r1, qwen3, none, or auto.</summary>
    public string ReasoningParser { get; init; } = "auto";

    /// <summary>Most log-probabilities a token that a request may ask for; -1: the whole vocabulary.</summary>
    public int MaxLogprobs { get; init; } = 20;

    /// <summary>Serve token ids alone; no tokenizer is read.</summary>
    public bool SkipTokenizerInit { get; init; }

    public int MaxQueuedRequests { get; init; } = 1024;

    public long? MaxQueuedTokens { get; init; }

    public long MaxRequestBodyBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>The name that answers carry.</summary>
    public string ModelName => ServedModelNames.Count > 0 ? ServedModelNames[0] : FileName(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Model))));

    private static string FileName(string name) => name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? Path.GetFileNameWithoutExtension(name) : name;

    /// <summary>Without names of its own the model also answers to the path that was given, as with vLLM.</summary>
    public bool Serves(string name) => ServedModelNames.Count > 0
        ? ServedModelNames.Contains(name, StringComparer.Ordinal)
        : string.Equals(name, ModelName, StringComparison.Ordinal) || string.Equals(name, Model, StringComparison.Ordinal);
}
