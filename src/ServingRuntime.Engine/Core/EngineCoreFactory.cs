using Microsoft.Extensions.Logging;
using Octavo.ServingRuntime.Engine.KVCache;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Engine.Speculation;
using Octavo.ServingRuntime.Kernels;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cpu.Topology;

namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>Makes a ready engine: options checked, weights loaded, KV blocks allocated.</summary>
public static partial class EngineCoreFactory
{
    /// <exception cref="EngineStartException">Options, checkpoint or memory do not allow a start; the message says which and why.</exception>
    public static IEngineCore Create(EngineOptions options, TimeProvider timeProvider, ILogger logger)
    {
        var errors = EngineOptionsValidator.Validate(options);
        if (errors.Count > 0)
        {
            throw new EngineStartException("invalid engine options: " + string.Join("; ", errors));
        }

        try
        {
            var topology = CpuTopology.OfProcess();
            var threads = options.CpuThreads ?? topology.DefaultThreads;
            LogThreads(logger, threads, options.CpuThreads is null ? "chosen" : "asked for", topology.Description);
            var backend = new CpuBackend(threads, ParseInstructions(options.CpuInstructions), topology);
            if (backend.Limitation is { } limitation)
            {
                LogLimitation(logger, limitation);
            }

            return Create(options, backend, timeProvider, logger);
        }
        catch (CheckpointException exception)
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
        try
        {
            var config = ModelConfig.Load(options.ModelPath);
            var maxModelLen = options.MaxModelLen ?? config.MaxPositionEmbeddings;
            if (maxModelLen > config.LongestModelLen)
            {
                throw new EngineStartException($"MaxModelLen: {maxModelLen} is more than the model's {config.LongestModelLen} (max_position_embeddings and rope scaling)");
            }

            if (options.Quantization is { } asked && asked != config.Quantization?.Name)
            {
                throw new EngineStartException($"Quantization: {asked} is asked for, but the checkpoint is {config.Quantization?.Name ?? "not quantised"}");
            }

            var checkpoint = Checkpoint.Open(options.ModelPath);
            owned.Push(checkpoint);
            var dtype = ChooseDType(options, config);
            var model = ModelRegistry.Create(config, new WeightLoader(checkpoint, backend, dtype, config.Quantization), maxModelLen);
            owned.Push(model);
            var cacheType = ChooseKVCacheDType(options, dtype);
            var blockBytes = checked(config.NumHiddenLayers * backend.KeyValueBlockBytes(config.NumKeyValueHeads, config.HeadDim, options.BlockSize, cacheType));
            var cache = KVCacheConfig.Create(options, blockBytes, cacheType, maxModelLen, FreeMemory.Measure());
            var runner = new ModelRunner.ModelRunner(backend, model, config, cache, options, maxModelLen, tier);
            proposer ??= options.Speculative switch
            {
                null => null,
                { Method: SpeculativeMethod.DraftModel } => new DraftModelProposer(options, config, backend, maxModelLen, cache),
                var ngram => new NgramProposer(ngram),
            };
            LogStarted(
                logger, config.Architecture, options.ModelPath, dtype, backend.Description, cache.NumBlocks, cache.BlockSize, cacheType, cache.Bytes,
                maxModelLen, timeProvider.GetElapsedTime(start).TotalMilliseconds);
            return new EngineCore(options, cache, maxModelLen, config.VocabSize, config.HiddenSize, runner, timeProvider, proposer, tier, [.. owned]);
        }
        catch
        {
            foreach (var resource in owned)
            {
                resource.Dispose();
            }

            throw;
        }
    }

    /// <summary>What products are computed in.</summary>
    internal static DType ChooseDType(EngineOptions options, ModelConfig config) => options.DType switch
    {
        "float32" => DType.Float32,
        "bfloat16" => DType.BFloat16,
        _ => config.ComputedDType,
    };

    private static DType ChooseKVCacheDType(EngineOptions options, DType computed) => options.KVCacheDType switch
    {
        "float32" => DType.Float32,
        "bfloat16" => DType.BFloat16,
        "int8" => DType.Int8,
        "fp8" or "fp8_e4m3" => DType.Float8E4M3,
        _ => computed,
    };

    private static CpuInstructionSet ParseInstructions(string name) =>
        CpuInstructionSets.TryParse(name, out var instructions, out var fault) ? instructions : throw new EngineStartException($"CpuInstructions: {fault}");

    [LoggerMessage(Level = LogLevel.Information, Message = "{Threads} CPU threads {Reason}; the process may use {Topology}")]
    private static partial void LogThreads(ILogger logger, int threads, string reason, string topology);

    [LoggerMessage(Level = LogLevel.Warning, Message = "CPU kernels are limited: {Limitation}")]
    private static partial void LogLimitation(ILogger logger, string limitation);

    [LoggerMessage(Level = LogLevel.Information, Message =
        "{Architecture} from {ModelPath} with {DType} weights on {Backend}: {NumBlocks} KV blocks of {BlockSize} tokens in {KVCacheDType} ({Bytes} bytes), at most {MaxModelLen} tokens a request; ready in {Milliseconds:F0} ms")]
    private static partial void LogStarted(
        ILogger logger, string architecture, string modelPath, DType dType, string backend, int numBlocks, int blockSize, DType kVCacheDType, long bytes, int maxModelLen, double milliseconds);
}
