namespace Octavo.ServingContract;

/// <summary>Command-line options of <c>octavo-serve</c>; vLLM's names where vLLM has one.</summary>
public static class ServingFlags
{
    public const string Model = "--model";
    public const string ServedModelName = "--served-model-name";
    public const string Host = "--host";
    public const string Port = "--port";
    public const string MaxModelLen = "--max-model-len";
    public const string BlockSize = "--block-size";
    public const string MaxNumSeqs = "--max-num-seqs";
    public const string MaxNumBatchedTokens = "--max-num-batched-tokens";

    /// <summary>Most tokens of one prompt in one step; 0: no limit but the step's own.</summary>
    public const string LongPrefillTokenThreshold = "--long-prefill-token-threshold";

    /// <summary>Bound of the waiting queue, in requests; beyond it requests are answered 503 with Retry-After.</summary>
    public const string MaxNumQueuedRequests = "--max-num-queued-reqs";

    /// <summary>Bound of the waiting queue, in prompt tokens; beyond it requests are answered 503 with Retry-After.</summary>
    public const string MaxNumQueuedTokens = "--max-num-queued-tokens";

    public const string DType = "--dtype";

    /// <summary>How keys and values are kept: auto, float32, bfloat16, float16, int8, fp8 or fp8_e4m3.</summary>
    public const string KVCacheDType = "--kv-cache-dtype";

    /// <summary>awq, gptq or fp8: what the checkpoint has to be; absent: whatever it is.</summary>
    public const string Quantization = "--quantization";

    /// <summary>auto, cpu, cuda or cuda:N.</summary>
    public const string Device = "--device";

    /// <summary>No recorded graphs on a device: each step is computed kernel by kernel.</summary>
    public const string EnforceEager = "--enforce-eager";

    /// <summary>Part of the device's memory that may be in use when all is allocated; KV blocks get what is left of it.</summary>
    public const string GpuMemoryUtilization = "--gpu-memory-utilization";

    /// <summary>Serve token ids alone: no tokenizer is read, and none has to be there.</summary>
    public const string SkipTokenizerInit = "--skip-tokenizer-init";
    public const string EnablePrefixCaching = "--enable-prefix-caching";
    public const string NoEnablePrefixCaching = "--no-enable-prefix-caching";

    /// <summary>Memory for KV blocks, in bytes; absent: sized from free memory and the model.</summary>
    public const string KVCacheMemoryBytes = "--kv-cache-memory-bytes";

    /// <summary>Host memory, in GiB, for KV blocks that a device gives up; absent: none.</summary>
    public const string KVOffloadingSize = "--kv-offloading-size";

    /// <summary>native, for vLLM's sake.</summary>
    public const string KVOffloadingBackend = "--kv-offloading-backend";

    /// <summary>Number of KV blocks, overriding the measured one (vLLM's <c>--num-gpu-blocks-override</c>).</summary>
    public const string NumBlocksOverride = "--num-gpu-blocks-override";

    /// <summary>Threads of the CPU backend; absent: one for each physical core that the process may use, no more than its quota of processor time.</summary>
    public const string CpuThreads = "--cpu-threads";

    /// <summary>Instruction set of the CPU backend (avx2, avx512, amx, ...); absent: the best that the processor has.</summary>
    public const string CpuInstructions = "--cpu-instructions";

    /// <summary>Seconds that SIGTERM waits for requests in flight before it aborts them.</summary>
    public const string ShutdownTimeout = "--shutdown-timeout";

    public const string ApiKey = "--api-key";

    /// <summary>A file of API keys, one a line, bare or as <c>name: key</c>; read again when it changes, as a mounted Secret does.</summary>
    public const string ApiKeyFile = "--api-key-file";

    /// <summary>Lets API keys find each other's prompts in the prefix cache.</summary>
    public const string SharePrefixCache = "--share-prefix-cache";

    /// <summary>Bound of one API key's requests in progress; beyond it requests are answered 429 with Retry-After.</summary>
    public const string MaxConcurrentRequestsPerKey = "--max-concurrent-requests-per-key";

    /// <summary>Seconds that a request may take, queue included.</summary>
    public const string RequestTimeout = "--request-timeout";

    /// <summary>Seconds that one step may last before <c>/health</c> turns 503.</summary>
    public const string StallTimeout = "--stall-timeout";

    /// <summary>Be ready without having run a request of the server's own first.</summary>
    public const string NoWarmUp = "--no-warm-up";

    /// <summary>How <c>/v1/embeddings</c> makes one vector of a prompt: auto, mean or last.</summary>
    public const string Pooling = "--pooling";

    /// <summary>Speculative decoding as a JSON object.</summary>
    public const string SpeculativeConfig = "--speculative-config";

    public const string AdminHost = "--admin-host";

    /// <summary>Port of a listener of its own for whoever runs the server; absent: there is none.</summary>
    public const string AdminPort = "--admin-port";

    /// <summary>Port, on all interfaces, where nothing but health and readiness are answered: for a server whose API is on loopback; absent: there is none.</summary>
    public const string ProbePort = "--probe-port";

    public const string AdminApiKeyFile = "--admin-api-key-file";
    public const string OtlpTracesEndpoint = "--otlp-traces-endpoint";
    public const string EnablePerRequestMetrics = "--enable-per-request-metrics";
    public const string LogFormat = "--log-format";
    public const string DisableLogStats = "--disable-log-stats";

    public const string Seed = "--seed";

    /// <summary>File of a chat template that replaces the model's.</summary>
    public const string ChatTemplate = "--chat-template";

    /// <summary>Lets requests bring a chat_template of their own.</summary>
    public const string TrustRequestChatTemplate = "--trust-request-chat-template";

    /// <summary>hermes, llama3_json, mistral, none or auto.</summary>
    public const string ToolCallParser = "--tool-call-parser";

    /// <summary>Accepted and without effect: tool_choice auto is on wherever the parser is known.</summary>
    public const string EnableAutoToolChoice = "--enable-auto-tool-choice";

    /// <summary>deepseek_r1, qwen3, none or auto.</summary>
    public const string ReasoningParser = "--reasoning-parser";

    /// <summary>Most log-probabilities a token; -1: the whole vocabulary.</summary>
    public const string MaxLogprobs = "--max-logprobs";
}
