using Octavo.ServingRuntime.Engine.Devices;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Engine;

/// <summary>Checks options without touching the model; what depends on the model is checked while it loads.</summary>
public static class EngineOptionsValidator
{
    public const int MaxCpuThreads = 1024;
    private static readonly string[] DTypes = ["auto", "float32", "bfloat16", "float16", "half"];
    private static readonly string[] KVCacheDTypes = ["auto", "float32", "bfloat16", "float16", "int8", "fp8", "fp8_e4m3"];

    /// <returns>Every fault, each naming its option; empty when all is well.</returns>
    public static IReadOnlyList<string> Validate(EngineOptions options)
    {
        var errors = new List<string>();
        if (string.IsNullOrWhiteSpace(options.ModelPath))
        {
            errors.Add("ModelPath: a folder or a .gguf file is needed");
        }
        else if (!ModelLocation.Exists(options.ModelPath))
        {
            errors.Add($"ModelPath: no folder and no .gguf file {options.ModelPath}");
        }

        if (!DeviceChoice.TryParse(options.Device, out _))
        {
            errors.Add($"Device: '{options.Device}' is none of auto, cpu, cuda, cuda:N");
        }

        if (!DTypes.Contains(options.DType, StringComparer.Ordinal))
        {
            errors.Add($"DType: '{options.DType}' is none of {string.Join(", ", DTypes)}");
        }

        if (!KVCacheDTypes.Contains(options.KVCacheDType, StringComparer.Ordinal))
        {
            errors.Add($"KVCacheDType: '{options.KVCacheDType}' is none of {string.Join(", ", KVCacheDTypes)}");
        }

        if (options.Quantization is not (null or "awq" or "gptq" or "fp8" or "gguf"))
        {
            errors.Add($"Quantization: '{options.Quantization}' is none of awq, gptq, fp8, gguf");
        }

        if (options.BlockSize is not (16 or 32 or 64))
        {
            errors.Add($"BlockSize: {options.BlockSize} is none of 16, 32, 64");
        }

        AtLeast(errors, nameof(EngineOptions.MaxModelLen), options.MaxModelLen, 2);
        AtLeast(errors, nameof(EngineOptions.MaxNumSeqs), options.MaxNumSeqs, 1);
        AtLeast(errors, nameof(EngineOptions.MaxNumBatchedTokens), options.MaxNumBatchedTokens, 1);
        AtLeast(errors, nameof(EngineOptions.LongPrefillTokenThreshold), options.LongPrefillTokenThreshold, 0);
        AtLeast(errors, nameof(EngineOptions.KVCacheMemoryBytes), options.KVCacheMemoryBytes, 1);
        AtLeast(errors, nameof(EngineOptions.KVOffloadingBytes), options.KVOffloadingBytes, 1);
        if (options.KVOffloadingBytes is not null && !options.EnablePrefixCaching)
        {
            errors.Add("KVOffloadingBytes: blocks are found again through the prefix cache, which is off");
        }

        AtLeast(errors, nameof(EngineOptions.NumBlocksOverride), options.NumBlocksOverride, 2);
        AtLeast(errors, nameof(EngineOptions.CpuThreads), options.CpuThreads, 1);
        if (options.CpuThreads > MaxCpuThreads)
        {
            errors.Add($"CpuThreads: {options.CpuThreads} is more than {MaxCpuThreads}");
        }

        if (!CpuInstructionSets.TryParse(options.CpuInstructions, out _, out var fault))
        {
            errors.Add($"CpuInstructions: {fault}");
        }

        if (options.GpuMemoryUtilization is not (> 0 and <= 1))
        {
            errors.Add($"GpuMemoryUtilization: {options.GpuMemoryUtilization} is not above 0 and at most 1");
        }

        if (options.MemoryUtilization is not (> 0 and <= 1))
        {
            errors.Add($"MemoryUtilization: {options.MemoryUtilization} is not above 0 and at most 1");
        }

        if (options.AdmissionWatermark is not (>= 0 and < 1))
        {
            errors.Add($"AdmissionWatermark: {options.AdmissionWatermark} is not at least 0 and below 1");
        }

        errors.AddRange(options.Speculative?.Validate() ?? []);
        return errors;
    }

    private static void AtLeast(List<string> errors, string name, long? value, long least)
    {
        if (value < least)
        {
            errors.Add($"{name}: {value} is below {least}");
        }
    }
}
