using System.CommandLine;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Fetch;
using Octavo.ServingRuntime.Quantize;

namespace Octavo.ServingRuntime.Configuration;

/// <summary>The command line of octavo-serve. vLLM's flags where it has them.</summary>
internal static class ServeCommand
{
    /// <param name="serve">Runs the server until it is told to stop; its result is the exit code.</param>
    public static RootCommand Create(Func<ServingOptions, EngineOptions, Task<int>> serve)
    {
        var model = new Option<string>(ServingFlags.Model) { Description = "Folder of the model: config.json, tokenizer.json, safetensors; or a .gguf file, or a folder with one.", Required = true };
        var names = new Option<string[]>(ServingFlags.ServedModelName) { Description = "Names under which the model is served. Default: the folder's name.", AllowMultipleArgumentsPerToken = true };
        var host = new Option<string>(ServingFlags.Host) { Description = "Address to listen on.", DefaultValueFactory = _ => "127.0.0.1" };
        var port = new Option<int>(ServingFlags.Port) { Description = "Port to listen on; 0: any free one.", DefaultValueFactory = _ => ServingPorts.Http };
        var maxModelLen = new Option<int?>(ServingFlags.MaxModelLen) { Description = "Most tokens of prompt and output together. Default: the model's." };
        var blockSize = new Option<int>(ServingFlags.BlockSize) { Description = "Tokens in a KV block: 16, 32 or 64.", DefaultValueFactory = _ => 16 };
        var maxNumSeqs = new Option<int>(ServingFlags.MaxNumSeqs) { Description = "Most requests in a step.", DefaultValueFactory = _ => 256 };
        var maxBatched = new Option<int>(ServingFlags.MaxNumBatchedTokens) { Description = "Most tokens in a step.", DefaultValueFactory = _ => 2048 };
        var longPrefill = new Option<int>(ServingFlags.LongPrefillTokenThreshold) { Description = "Most tokens of one prompt in a step, so that a long one leaves room for others; 0: no limit." };
        var queued = new Option<int>(ServingFlags.MaxNumQueuedRequests) { Description = "Most waiting requests; beyond it requests get 503.", DefaultValueFactory = _ => 1024 };
        var queuedTokens = new Option<long?>(ServingFlags.MaxNumQueuedTokens) { Description = "Most prompt tokens of waiting requests. Default: no bound." };
        var dtype = new Option<string>(ServingFlags.DType) { Description = "auto, float32, bfloat16, or (on CUDA) float16, also called half.", DefaultValueFactory = _ => "auto" };
        var cacheDType = new Option<string>(ServingFlags.KVCacheDType) { Description = "How keys and values are kept: float32, bfloat16, float16 (on CUDA), int8, fp8_e4m3 (or fp8), or auto: as activations are computed.", DefaultValueFactory = _ => "auto" };
        var quantization = new Option<string?>(ServingFlags.Quantization) { Description = "awq, gptq, fp8 or gguf: what the checkpoint has to be. Default: whatever its configuration says." };
        var device = new Option<string>(ServingFlags.Device) { Description = "auto, cpu, cuda or cuda:N. auto: the first CUDA device where there is one and all that it needs, else the CPU. Default: the variable OCTAVO_DEVICE, else auto.", DefaultValueFactory = _ => DefaultDevice(Environment.GetEnvironmentVariable) };
        var gpuMemory = new Option<double>(ServingFlags.GpuMemoryUtilization) { Description = "Part of the device's memory, from 0 to 1, that may be in use when all is allocated; KV blocks get what is left of it.", DefaultValueFactory = _ => 0.9 };
        var eager = new Option<bool>(ServingFlags.EnforceEager) { Description = "Compute each step kernel by kernel on a device, without recorded graphs: slower, and easier to look into." };
        var prefixCaching = new Option<bool>(ServingFlags.EnablePrefixCaching) { Description = "Reuse KV blocks of equal prefixes (default)." };
        var noPrefixCaching = new Option<bool>(ServingFlags.NoEnablePrefixCaching) { Description = "Compute every prompt anew." };
        var cacheBytes = new Option<long?>(ServingFlags.KVCacheMemoryBytes) { Description = "Memory for KV blocks in bytes. Default: from the device's or the free memory." };
        var offloading = new Option<double?>(ServingFlags.KVOffloadingSize) { Description = "Host memory in GiB for KV blocks that a device gives up, to be copied back instead of computed again. Default: none." };
        var offloadingBackend = new Option<string>(ServingFlags.KVOffloadingBackend) { Description = "native, which is all there is.", DefaultValueFactory = _ => "native" };
        offloadingBackend.AcceptOnlyFromAmong("native");
        var blocks = new Option<int?>(ServingFlags.NumBlocksOverride) { Description = "Number of KV blocks, overriding the measured one." };
        var threads = new Option<int?>(ServingFlags.CpuThreads) { Description = "Threads of the CPU backend. Default: one for each physical core that the process may use, no more than its quota of processor time." };
        var instructions = new Option<string>(ServingFlags.CpuInstructions) { Description = "Instruction set of the CPU backend: vector128, avx2, avx-vnni, avx512, avx512-vnni, avx512-bf16, amx, or auto: the best there is.", DefaultValueFactory = _ => "auto" };
        var shutdown = new Option<double>(ServingFlags.ShutdownTimeout) { Description = "Seconds that SIGTERM waits for requests in flight.", DefaultValueFactory = _ => 30 };
        var apiKeys = new Option<string[]>(ServingFlags.ApiKey) { Description = "Key that requests must bring as bearer token; may be given several times.", AllowMultipleArgumentsPerToken = true };
        var apiKeyFile = new Option<string?>(ServingFlags.ApiKeyFile) { Description = "File of such keys, one a line, bare or as 'name: key'; read again when it changes." };
        var shareCache = new Option<bool>(ServingFlags.SharePrefixCache) { Description = "Let API keys find each other's prompts in the prefix cache; by default each has its own." };
        var perKey = new Option<int>(ServingFlags.MaxConcurrentRequestsPerKey) { Description = "Most requests in progress of one API key; beyond it requests get 429.", DefaultValueFactory = _ => 1024 };
        var timeout = new Option<double>(ServingFlags.RequestTimeout) { Description = "Seconds that a request may take, queue included; 0: no limit. A client may ask for less by the header X-Request-Timeout.", DefaultValueFactory = _ => 600 };
        var stall = new Option<double>(ServingFlags.StallTimeout) { Description = "Seconds that one step may last before /health turns 503.", DefaultValueFactory = _ => 300 };
        var noWarmUp = new Option<bool>(ServingFlags.NoWarmUp) { Description = "Be ready without having run a request of the server's own; the first client then waits for it." };
        var pooling = new Option<string>(ServingFlags.Pooling) { Description = "How /v1/embeddings makes one vector: mean, last, or auto: as the checkpoint's 1_Pooling/config.json says, else last.", DefaultValueFactory = _ => "auto" };
        var speculative = SpeculativeConfig.Option();
        var seed = new Option<long>(ServingFlags.Seed) { Description = "Seeds requests without a seed of their own." };

        var template = new Option<string?>(ServingFlags.ChatTemplate) { Description = "File of a chat template (Jinja) to use instead of the model's." };
        var trustTemplate = new Option<bool>(ServingFlags.TrustRequestChatTemplate) { Description = "Let requests bring a chat_template of their own." };
        var toolParser = new Option<string>(ServingFlags.ToolCallParser) { Description = "How the model writes tool calls: hermes, llama3_json, mistral, none, or auto (by its chat template).", DefaultValueFactory = _ => "auto" };
        var autoTools = new Option<bool>(ServingFlags.EnableAutoToolChoice) { Description = "Accepted for vLLM's sake: tool_choice auto is on wherever the way of writing calls is known." };
        var reasoningParser = new Option<string>(ServingFlags.ReasoningParser) { Description = "How the model sets reasoning apart: deepseek_r1, qwen3, none, or auto (by its template and vocabulary).", DefaultValueFactory = _ => "auto" };
        var skipTokenizer = new Option<bool>(ServingFlags.SkipTokenizerInit) { Description = "Serve token ids alone, of a model with or without a tokenizer: prompts and answers are ids, texts are refused." };
        var maxLogprobs = new Option<int>(ServingFlags.MaxLogprobs) { Description = "Most log-probabilities a token that a request may ask for; -1: the whole vocabulary.", DefaultValueFactory = _ => 20 };

        var root = new RootCommand("Serves a language model over an OpenAI-compatible API.")
        {
            model, names, host, port, maxModelLen, blockSize, maxNumSeqs, maxBatched, longPrefill, queued, queuedTokens, dtype, cacheDType, quantization, device, gpuMemory, eager, prefixCaching, noPrefixCaching,
            cacheBytes, offloading, offloadingBackend, blocks, threads, instructions, shutdown, apiKeys, apiKeyFile, shareCache, perKey, timeout, stall, noWarmUp, pooling, speculative, seed,
            template, trustTemplate, toolParser, autoTools, reasoningParser, maxLogprobs, skipTokenizer,
        };
        var operation = new OperationFlags();
        operation.AddTo(root);
        root.Add(FetchCommand.Create());
        root.Add(QuantizeCommand.Create(TimeProvider.System));
        root.SetAction((parsed, _) =>
        {
            var options = new ServingOptions
            {
                Model = parsed.GetValue(model)!,
                ServedModelNames = parsed.GetValue(names) ?? [],
                Host = BindAddress.Of(parsed.GetValue(host)!, Environment.GetEnvironmentVariable(ServingEnvironment.BindHost)),
                Port = parsed.GetValue(port),
                ApiKeys = parsed.GetValue(apiKeys) ?? [],
                ApiKeyFile = parsed.GetValue(apiKeyFile),
                SharePrefixCache = parsed.GetValue(shareCache),
                MaxConcurrentRequestsPerKey = parsed.GetValue(perKey),
                RequestTimeout = parsed.GetValue(timeout) is 0 ? null : TimeSpan.FromSeconds(Math.Clamp(parsed.GetValue(timeout), -1, 1e9)),
                StallTimeout = TimeSpan.FromSeconds(Math.Clamp(parsed.GetValue(stall), -1, 1e9)),
                WarmUp = !parsed.GetValue(noWarmUp),
                Pooling = parsed.GetValue(pooling)!,
                ShutdownTimeout = TimeSpan.FromSeconds(Math.Clamp(parsed.GetValue(shutdown), -1, 1e9)),
                ChatTemplate = parsed.GetValue(template),
                TrustRequestChatTemplate = parsed.GetValue(trustTemplate),
                ToolCallParser = parsed.GetValue(toolParser)!,
                ReasoningParser = parsed.GetValue(reasoningParser)!,
                MaxLogprobs = parsed.GetValue(maxLogprobs),
                SkipTokenizerInit = parsed.GetValue(skipTokenizer),
                MaxQueuedRequests = parsed.GetValue(queued),
                MaxQueuedTokens = parsed.GetValue(queuedTokens),
            };
            return serve(operation.Apply(parsed, options), new EngineOptions
            {
                ModelPath = options.Model,
                Device = parsed.GetValue(device)!,
                GpuMemoryUtilization = parsed.GetValue(gpuMemory),
                EnforceEager = parsed.GetValue(eager),
                DType = parsed.GetValue(dtype)!,
                KVCacheDType = parsed.GetValue(cacheDType)!,
                Quantization = parsed.GetValue(quantization),
                MaxModelLen = parsed.GetValue(maxModelLen),
                BlockSize = parsed.GetValue(blockSize),
                MaxNumSeqs = parsed.GetValue(maxNumSeqs),
                MaxNumBatchedTokens = parsed.GetValue(maxBatched),
                LongPrefillTokenThreshold = parsed.GetValue(longPrefill),
                EnablePrefixCaching = !parsed.GetValue(noPrefixCaching),
                KVCacheMemoryBytes = parsed.GetValue(cacheBytes),
                KVOffloadingBytes = (long?)(parsed.GetValue(offloading) * (1L << 30)),
                NumBlocksOverride = parsed.GetValue(blocks),
                CpuThreads = parsed.GetValue(threads),
                CpuInstructions = parsed.GetValue(instructions)!,
                Speculative = parsed.GetValue(speculative),
                Seed = parsed.GetValue(seed),
            });
        });
        return root;
    }

    /// <param name="environment">Value of a variable, or null.</param>
    internal static string DefaultDevice(Func<string, string?> environment) => environment(ServingEnvironment.Device) is { Length: > 0 } device ? device : "auto";
}
