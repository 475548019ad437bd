using Octavo.ServingRuntime.Engine.Speculation;

namespace Octavo.ServingRuntime.Engine;

/// <summary>What the engine is started with; vLLM's names and, where it has one, its defaults. Checked by <see cref="EngineOptionsValidator"/>.</summary>
public sealed record EngineOptions
{
    /// <summary>Folder with config.json and safetensors.</summary>
    public required string ModelPath { get; init; }

    /// <summary>
    /// auto, cpu, cuda or cuda:N (of the devices that the process may see). auto: the first CUDA device where there is one and all that it needs; else the CPU, and the log says why.
    /// </summary>
    public string Device { get; init; } = "auto";

    /// <summary>
    /// auto, float32, bfloat16, float16 (also called half; on CUDA alone). With float32 all is computed in float32; with the others products may round activations to that type, sums stay
    /// float32. auto: <see cref="Models.ModelConfig.ComputedDType"/>.
    /// </summary>
    public string DType { get; init; } = "auto";

    /// <summary>
    /// How keys and values are kept: float32, bfloat16, float16 (on CUDA alone), int8, fp8_e4m3 (also called fp8); auto: as activations are computed, bfloat16 with bfloat16 and float32 with float32.
    /// Eight-bit types have a scale for each token and head; nothing is calibrated.
    /// </summary>
    public string KVCacheDType { get; init; } = "auto";

    /// <summary>awq, gptq or fp8: what the checkpoint has to be; null: whatever it is.</summary>
    public string? Quantization { get; init; }

    /// <summary>Most tokens of prompt and output together; null: the model's own length.</summary>
    public int? MaxModelLen { get; init; }

    /// <summary>Tokens in a KV block: 16, 32 or 64.</summary>
    public int BlockSize { get; init; } = 16;

    /// <summary>Most requests in one step.</summary>
    public int MaxNumSeqs { get; init; } = 256;

    /// <summary>Most tokens in one step, over all requests.</summary>
    public int MaxNumBatchedTokens { get; init; } = 2048;

    /// <summary>Most tokens of one prompt in one step, so that a long one leaves room for others' beside it; 0: no limit but the step's own.</summary>
    public int LongPrefillTokenThreshold { get; init; }

    public bool EnablePrefixCaching { get; init; } = true;

    /// <summary>
    /// Memory for KV blocks, in bytes; null: on a device what <see cref="GpuMemoryUtilization"/> leaves beside all else, on the CPU <see cref="MemoryUtilization"/> of what is free, but no more
    /// than all sequences together can use.
    /// </summary>
    public long? KVCacheMemoryBytes { get; init; }

    /// <summary>Number of KV blocks, the null block included; overrides every other sizing (tests of preemption).</summary>
    public int? NumBlocksOverride { get; init; }

    /// <summary>
    /// Host memory for a second tier of KV blocks behind a device, in bytes: what the device's blocks give up is found there and copied back instead of computed again. Pinned at start. Null: none.
    /// </summary>
    public long? KVOffloadingBytes { get; init; }

    /// <summary>Part of a device's memory that may be in use when all is allocated, what other processes hold included; the KV blocks get what weights and the largest step leave of it.</summary>
    public double GpuMemoryUtilization { get; init; } = 0.9;

    /// <summary>Whether steps are computed kernel by kernel on a device, rather than as recorded graphs.</summary>
    public bool EnforceEager { get; init; }

    /// <summary>Part of the host's free memory that KV blocks may take when they are sized from it.</summary>
    public double MemoryUtilization { get; init; } = 0.5;

    /// <summary>Part of the blocks that admission of a waiting request leaves free while others run, so that these can grow.</summary>
    public double AdmissionWatermark { get; init; } = 0.01;

    /// <summary>Threads of the CPU backend; null: one for each physical core that the process may use, no more than its quota of processor time.</summary>
    public int? CpuThreads { get; init; }

    /// <summary>Instruction set of the CPU backend: vector128, avx2, avx-vnni, avx512, avx512-vnni, avx512-bf16, amx; auto: the best that the processor has.</summary>
    public string CpuInstructions { get; init; } = "auto";

    /// <summary>Null: no speculative decoding.</summary>
    public SpeculativeOptions? Speculative { get; init; }

    /// <summary>Seeds requests that bring no seed of their own.</summary>
    public long Seed { get; init; }
}
