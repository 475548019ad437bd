using System.Text.Json.Serialization;
using Octavo.Operator.CustomResources;

namespace Octavo.Operator.Entities;

/// <summary>Settings of the engine, in vLLM's terms.</summary>
public sealed record EngineSpec
{
    /// <summary>The runtime's default of <see cref="MaxNumSeqs"/>, which is vLLM's.</summary>
    public const int DefaultMaxNumSeqs = 256;

    /// <summary>Longest sequence (prompt and answer) in tokens. Absent: the model's own limit.</summary>
    [Schema(Minimum = 1, Maximum = 10_000_000)]
    public int? MaxModelLen { get; init; }

    /// <summary>Tokens in a block of the KV cache.</summary>
    [Schema(Minimum = 1, Maximum = 1024)]
    public int? BlockSize { get; init; }

    /// <summary>Requests that a replica runs at the same time. The autoscaler counts a replica's capacity in these slots.</summary>
    [Schema(Minimum = 1, Maximum = 65536)]
    public int? MaxNumSeqs { get; init; }

    /// <summary>Tokens that one step of the engine computes at most.</summary>
    [Schema(Minimum = 1, Maximum = 10_000_000)]
    public int? MaxNumBatchedTokens { get; init; }

    /// <summary>Requests that wait in a replica at most; beyond it they are answered 503 with Retry-After.</summary>
    [Schema(Minimum = 0, Maximum = 10_000_000)]
    public int? MaxNumQueuedRequests { get; init; }

    /// <summary>Type of weights and activations; auto takes the checkpoint's. Octavo's runtime knows float16 on GPUs alone.</summary>
    [JsonPropertyName("dtype")]
    [Schema(Enum = ["auto", "float32", "bfloat16", "float16"])]
    public string? DType { get; init; }

    /// <summary>Type in which keys and values are kept; auto takes that of the activations. The eight-bit types hold about twice as many tokens in the same memory as bfloat16.</summary>
    [JsonPropertyName("kvCacheDtype")]
    [Schema(Enum = ["auto", "float32", "bfloat16", "int8", "fp8", "fp8_e4m3"])]
    public string? KVCacheDType { get; init; }

    /// <summary>Whether prompts reuse the KV blocks of earlier prompts with the same beginning. Absent: the runtime's default (on).</summary>
    public bool? EnablePrefixCaching { get; init; }

    /// <summary>Whether the model is served by token ids alone, without a tokenizer: prompts and answers are ids. Absent: false.</summary>
    public bool? SkipTokenizerInit { get; init; }

    /// <summary>Accelerators that hold one layer together. Times pipelineParallelSize it may not exceed accelerator.count times accelerator.nodes. Absent: the dialect's own choice.</summary>
    [Schema(Minimum = 1, Maximum = 1024)]
    public int? TensorParallelSize { get; init; }

    /// <summary>Groups of accelerators that hold the layers one after the other. Absent: 1.</summary>
    [Schema(Minimum = 1, Maximum = 1024)]
    public int? PipelineParallelSize { get; init; }

    /// <summary>How the checkpoint's weights are quantised, where the runtime is to be told (awq, gptq, fp8). Absent: as the checkpoint says.</summary>
    [Schema(MinLength = 1, MaxLength = 63, Pattern = "^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    public string? Quantization { get; init; }

    /// <summary>Share of an accelerator's memory that the runtime may take, in percent. Absent: the runtime's default.</summary>
    [Schema(Minimum = 1, Maximum = 100)]
    public int? GpuMemoryUtilizationPercent { get; init; }

    /// <summary>Memory for KV blocks. Absent: sized from free memory and the model.</summary>
    [ValidationRule(WrittenQuantity.Positive, "kvCacheMemory must be more than 0")]
    public WrittenQuantity? KVCacheMemory { get; init; }

    /// <summary>Threads of the CPU backend. Absent: one for each physical core that the container may use, no more than its limit of CPUs.</summary>
    [Schema(Minimum = 1, Maximum = 1024)]
    public int? CpuThreads { get; init; }
}
