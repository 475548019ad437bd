using Octavo.ServingContract;
using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Speculation;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Configuration;

public sealed class ServeCommandTests
{
    [Fact]
    public async Task Parse_EveryFlag_ReachesTheOptions()
    {
        (ServingOptions Serving, EngineOptions Engine)? seen = null;
        var command = ServeCommand.Create((serving, engine) =>
        {
            seen = (serving, engine);
            return Task.FromResult(7);
        });

        var code = await command.Parse([
            "--model", "/m", "--served-model-name", "a", "b", "--host", "127.1.2.3", "--port", "9000", "--max-model-len", "100", "--block-size", "32", "--max-num-seqs", "8",
            "--max-num-batched-tokens", "64", "--long-prefill-token-threshold", "40", "--max-num-queued-reqs", "5", "--max-num-queued-tokens", "500", "--dtype", "float32", "--kv-cache-dtype", "fp8", "--device", "cuda:1", "--gpu-memory-utilization", "0.75", "--enforce-eager", "--no-enable-prefix-caching",
            "--kv-cache-memory-bytes", "1000000", "--kv-offloading-size", "1.5", "--kv-offloading-backend", "native", "--num-gpu-blocks-override", "44", "--cpu-threads", "3", "--cpu-instructions", "avx2", "--shutdown-timeout", "2.5", "--api-key", "k1", "--api-key", "k2", "--seed", "9",
            "--chat-template", "/t", "--trust-request-chat-template", "--tool-call-parser", "hermes", "--enable-auto-tool-choice", "--reasoning-parser", "qwen3", "--max-logprobs", "-1",
            "--api-key-file", "/keys", "--share-prefix-cache", "--max-concurrent-requests-per-key", "6", "--request-timeout", "90",
            "--admin-host", "127.9.9.9", "--admin-port", "9001", "--admin-api-key-file", "/admin", "--probe-port", "9002", "--otlp-traces-endpoint", "http://c:4317", "--enable-per-request-metrics",
            "--log-format", "json", "--disable-log-stats", "--stall-timeout", "7", "--pooling", "mean", "--no-warm-up", "--speculative-config", """{"num_speculative_tokens":2}""",
        ]).InvokeAsync();

        code.Should().Be(7);
        seen!.Value.Serving.Should().BeEquivalentTo(new ServingOptions
        {
            Model = "/m", ServedModelNames = ["a", "b"], Host = "127.1.2.3", Port = 9000, ApiKeys = ["k1", "k2"], ShutdownTimeout = TimeSpan.FromSeconds(2.5),
            MaxQueuedRequests = 5, MaxQueuedTokens = 500, ApiKeyFile = "/keys", SharePrefixCache = true, MaxConcurrentRequestsPerKey = 6, RequestTimeout = TimeSpan.FromSeconds(90),
            AdminHost = "127.9.9.9", AdminPort = 9001, AdminApiKeyFile = "/admin", ProbePort = 9002, OtlpTracesEndpoint = "http://c:4317", PerRequestMetrics = true, LogFormat = "json", LogStats = false,
            StallTimeout = TimeSpan.FromSeconds(7), Pooling = "mean", WarmUp = false,
            ChatTemplate = "/t", TrustRequestChatTemplate = true, ToolCallParser = "hermes", ReasoningParser = "qwen3", MaxLogprobs = -1,
        });
        seen.Value.Engine.Should().BeEquivalentTo(new EngineOptions
        {
            ModelPath = "/m", Device = "cuda:1", GpuMemoryUtilization = 0.75, EnforceEager = true, DType = "float32", KVCacheDType = "fp8", MaxModelLen = 100, BlockSize = 32, MaxNumSeqs = 8, MaxNumBatchedTokens = 64, LongPrefillTokenThreshold = 40, EnablePrefixCaching = false,
            KVCacheMemoryBytes = 1000000, KVOffloadingBytes = 3L << 29, NumBlocksOverride = 44, CpuThreads = 3, CpuInstructions = "avx2", Seed = 9, Speculative = new SpeculativeOptions { NumSpeculativeTokens = 2 },
        });
    }

    [Theory]
    [InlineData(null, "auto")]
    [InlineData("", "auto")]
    [InlineData("cuda", "cuda")]
    public void DefaultDevice_IsThatOfTheImage(string? variable, string device) => ServeCommand.DefaultDevice(name => name == "OCTAVO_DEVICE" ? variable : null).Should().Be(device);

    [Fact]
    public void Create_EveryContractFlag_IsKnown()
    {
        var known = ServeCommand.Create((_, _) => Task.FromResult(0)).Options.Select(o => o.Name).ToList();

        known.Should().Contain(typeof(ServingFlags).GetFields().Select(f => (string)f.GetRawConstantValue()!));
    }

    [Fact]
    public void Validate_SeveralFaults_NamesAllFlagsAtOnce()
    {
        var errors = ServingOptionsValidator.Validate(
            new ServingOptions { Model = "/no/such", Port = 70000, Host = "nowhere!", ApiKeys = [""], MaxQueuedRequests = -1, ApiKeyFile = "/no/keys", MaxConcurrentRequestsPerKey = 0, RequestTimeout = TimeSpan.FromSeconds(-1), StallTimeout = TimeSpan.Zero, Pooling = "max",
                AdminHost = "0.0.0.0", AdminPort = 70001, ProbePort = 70000, OtlpTracesEndpoint = "collector", LogFormat = "xml",
                ToolCallParser = "x", ReasoningParser = "y", MaxLogprobs = -2, ChatTemplate = "/no/such" },
            new EngineOptions { ModelPath = "/no/such", Device = "tpu", GpuMemoryUtilization = 1.5, DType = "int3", KVCacheDType = "fp8_e5m2", BlockSize = 7 });

        var text = string.Join('\n', errors);
        foreach (var flag in new[] { "--port", "--host", "--device", "--gpu-memory-utilization", "--api-key:", "--max-num-queued-reqs", "--tool-call-parser", "--reasoning-parser", "--max-logprobs", "--chat-template", "--model", "--api-key-file", "--probe-port", "--max-concurrent-requests-per-key", "--request-timeout", "--dtype", "--kv-cache-dtype", "--block-size" })
        {
            text.Should().Contain(flag);
        }

        ServingOptionsValidator.Validate(new ServingOptions { Model = Repository.TinyModel }, new EngineOptions { ModelPath = Repository.TinyModel }).Should().BeEmpty();
    }

    [Theory]
    [InlineData("auto", true)]
    [InlineData("cpu", true)]
    [InlineData("cuda", true)]
    [InlineData("cuda:3", true)]
    [InlineData("cuda:", false)]
    [InlineData("cuda:-1", false)]
    [InlineData("cuda: 1", false)]
    [InlineData("CUDA", false)]
    [InlineData("gpu", false)]
    public void Validate_Device_ByItsName(string device, bool valid) => ServingOptionsValidator
        .Validate(new ServingOptions { Model = Repository.TinyModel }, new EngineOptions { ModelPath = Repository.TinyModel, Device = device })
        .Should().BeEquivalentTo(valid ? [] : new[] { $"--device: '{device}' is none of auto, cpu, cuda, cuda:N" });
}
