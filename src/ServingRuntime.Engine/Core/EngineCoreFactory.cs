using Microsoft.Extensions.Logging;
using Octavo.ServingRuntime.Engine.Devices;
using Octavo.ServingRuntime.Engine.KVCache;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Engine.Speculation;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>Makes a ready engine: options checked, weights loaded, KV blocks allocated.</summary>
public static partial class EngineCoreFactory
{
    /// <exception cref="EngineStartException">Options, device, checkpoint or memory do not allow a start; the message says which and why.</exception>
    public static IEngineCore Create(EngineOptions options, TimeProvider timeProvider, ILogger logger) => Create(options, timeProvider, logger, Environment.GetEnvironmentVariable);

    /// <param name="environment">Value of a variable, or null: where the device's libraries are looked for.</param>
    /// <exception cref="EngineStartException">Options, device, checkpoint or memory do not allow a start; the message says which and why.</exception>
    public static IEngineCore Create(EngineOptions options, TimeProvider timeProvider, ILogger logger, Func<string, string?> environment)
    {
        var errors = EngineOptionsValidator.Validate(options);
        if (errors.Count > 0)
        {
            throw new EngineStartException("invalid engine options: " + string.Join("; ", errors));
        }

        try
        {
            return Create(options, new BackendOpening(options, environment, logger).Open(), timeProvider, logger);
        }
        catch (CheckpointException exception)
        {
            throw new EngineStartException(exception.Message, exception);
        }
        catch (Exception exception) when (BackendOpening.IsOfDevice(exception))
        {
            throw new EngineStartException(exception.Message, exception);
        }
    }

    /// <summary>Over a given backend and second tier, which the engine then owns. Options are taken as valid.</summary>
    /// <param name="proposer">Null: the one that the options name. It needs <see cref="EngineOptions.Speculative"/>.</param>
    internal static EngineCore Create(
        EngineOptions options, IKernelBackend backend, TimeProvider timeProvider, ILogger logger, IBlockTier? tier = null, IDraftProposer? proposer = null)
    {
        var start = timeProvider.GetTimestamp();
        var owned = new Stack<IDisposable>(tier is null ? [backend] : [backend, tier]);
        var unowned = new Stack<IDisposable>();
        try
        {
            if (tier is null && HostMemoryTier.Create(options, backend as IBlockSwapping, FreeMemory.Measure()) is { } asked)
            {
                owned.Push(tier = asked);
            }

            var config = ModelConfig.Load(options.ModelPath);
            var maxModelLen = options.MaxModelLen ?? config.MaxPositionEmbeddings;
            if (maxModelLen > config.LongestModelLen)
            {
                throw new EngineStartException($"MaxModelLen: {maxModelLen} is more than the model's {config.LongestModelLen} (max_position_embeddings and rope scaling)");
            }

            if (options.Quantization is { } quantization && quantization != config.Quantization?.Name)
            {
                throw new EngineStartException($"Quantization: {quantization} is asked for, but the checkpoint is {config.Quantization?.Name ?? "not quantised"}");
            }

            var dtype = ChooseDType(options, config, backend);
            var cacheType = ChooseKVCacheDType(options, dtype, backend);
            var checkpoint = Checkpoint.Open(options.ModelPath);
            owned.Push(checkpoint);
            var model = ModelRegistry.Create(config, new WeightLoader(checkpoint, backend, dtype, config.Quantization), maxModelLen);
            owned.Push(model);
            var runner = new ModelRunner.ModelRunner(backend, model, config, options, maxModelLen, tier);
            unowned.Push(runner);
            var draft = proposer is null && options.Speculative is { Method: SpeculativeMethod.DraftModel } ? new DraftModelProposer(options, config, backend, maxModelLen, cacheType) : null;
            if (draft is not null)
            {
                unowned.Push(draft);
            }

            if (backend.CanReplay && model.NeedsHost)
            {
                LogNoGraphs(logger, config.Architecture);
            }

            if (backend.MemoryUse is not null)
            {
                // What a step takes beside weights and blocks is taken now: blocks get the rest, and what does not fit is found at start.
                runner.RunLargestStep(cacheType);
                draft?.RunLargestStep();
            }

            var blockBytes = checked(config.NumHiddenLayers * backend.KeyValueBlockBytes(config.NumKeyValueHeads, config.HeadDim, options.BlockSize, cacheType));
            var cache = KVCacheConfig.Create(options, blockBytes, cacheType, maxModelLen, Room(options, backend, draft));
            runner.AllocateBlocks(cache);
            if (tier?.Stats is { } second)
            {
                LogTier(logger, second.Capacity, second.Capacity * second.BlockBytes);
            }

            draft?.AllocateBlocks(cache);
            proposer ??= draft as IDraftProposer ?? (options.Speculative is { } ngram ? new NgramProposer(ngram) : null);
            LogStarted(
                logger, config.Architecture, options.ModelPath, dtype, backend.Description, cache.NumBlocks, cache.BlockSize, cacheType, cache.Bytes,
                maxModelLen, timeProvider.GetElapsedTime(start).TotalMilliseconds);
            return new EngineCore(options, cache, maxModelLen, config.VocabSize, config.HiddenSize, runner, timeProvider, proposer, tier, [.. owned]);
        }
        catch
        {
            foreach (var resource in unowned.Concat(owned))
            {
                resource.Dispose();
            }

            throw;
        }
    }

    /// <summary>What products are computed in.</summary>
    /// <exception cref="EngineStartException">The backend does not compute in it.</exception>
    internal static DType ChooseDType(EngineOptions options, ModelConfig config, IKernelBackend backend) => options.DType switch
    {
        "float32" => DType.Float32,
        "bfloat16" => DType.BFloat16,
        "float16" or "half" => backend.Device != Device.Cpu ? DType.Float16 : throw new EngineStartException(
            $"DType: the CPU computes in float32 or bfloat16, not in {options.DType}; float32 loses nothing of float16 weights, bfloat16 is faster, auto chooses"),
        _ => backend.Device == Device.Cpu ? config.ComputedDType : config.DeviceDType,
    };

    private static DType ChooseKVCacheDType(EngineOptions options, DType computed, IKernelBackend backend) => options.KVCacheDType switch
    {
        "float32" => DType.Float32,
        "bfloat16" => DType.BFloat16,
        "float16" => backend.Device != Device.Cpu ? DType.Float16 : throw new EngineStartException("KVCacheDType: the CPU keeps keys and values in float32, bfloat16, int8 or fp8_e4m3, not in float16"),
        "int8" => DType.Int8,
        "fp8" or "fp8_e4m3" => DType.Float8E4M3,
        _ => computed,
    };

    private static KVCacheRoom? Room(EngineOptions options, IKernelBackend backend, DraftModelProposer? draft)
    {
        if (backend.MemoryUse is { } use)
        {
            return KVCacheRoom.OfDevice(options, use) with { Draft = (draft?.BlockBytes ?? 0, draft?.MaxBlocks ?? 0) };
        }

        return FreeMemory.Measure() is { } free ? KVCacheRoom.OfHost(options, free) : null;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Architecture} needs the host within a step: it is computed kernel by kernel, without graphs")]
    private static partial void LogNoGraphs(ILogger logger, string architecture);

    [LoggerMessage(Level = LogLevel.Information, Message = "KV blocks that the device gives up go to host memory: room for {NumBlocks} ({Bytes} bytes, pinned)")]
    private static partial void LogTier(ILogger logger, int numBlocks, long bytes);

    [LoggerMessage(Level = LogLevel.Information, Message =
        "{Architecture} from {ModelPath} with {DType} weights on {Backend}: {NumBlocks} KV blocks of {BlockSize} tokens in {KVCacheDType} ({Bytes} bytes), at most {MaxModelLen} tokens a request; ready in {Milliseconds:F0} ms")]
    private static partial void LogStarted(
        ILogger logger, string architecture, string modelPath, DType dType, string backend, int numBlocks, int blockSize, DType kVCacheDType, long bytes, int maxModelLen, double milliseconds);
}
