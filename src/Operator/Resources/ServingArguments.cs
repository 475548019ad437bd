using System.Globalization;
using Octavo.Operator.Entities;
using Octavo.ServingContract;

namespace Octavo.Operator.Resources;

/// <summary>The command line of the serving container. Only what the spec says is written: all else stays the runtime's default.</summary>
internal static class ServingArguments
{
    public static IReadOnlyList<string> Build(V1Alpha1InferenceService service, string modelPath)
    {
        var arguments = new List<string> { ServingFlags.Model, modelPath, ServingFlags.ServedModelName };
        arguments.AddRange(ServingObjectMeta.ModelNames(service));
        arguments.AddRange([ServingFlags.Host, $"$({ServingPodTemplate.PodIPVariable})", ServingFlags.Port, Text(ServingPorts.Http)]);
        arguments.AddRange([ServingFlags.ShutdownTimeout, Text(ServingPodTemplate.DrainSeconds(service))]);

        var engine = service.Spec.Runtime?.Engine ?? new EngineSpec();
        Add(ServingFlags.MaxModelLen, engine.MaxModelLen);
        Add(ServingFlags.BlockSize, engine.BlockSize);
        Add(ServingFlags.MaxNumSeqs, engine.MaxNumSeqs);
        Add(ServingFlags.MaxNumBatchedTokens, engine.MaxNumBatchedTokens);
        Add(ServingFlags.MaxNumQueuedRequests, engine.MaxNumQueuedRequests);
        if (engine.DType is { } dtype)
        {
            arguments.AddRange([ServingFlags.DType, dtype]);
        }

        if (engine.KVCacheDType is { } cacheDType)
        {
            arguments.AddRange([ServingFlags.KVCacheDType, cacheDType]);
        }

        if (engine.EnablePrefixCaching is { } caching)
        {
            arguments.Add(caching ? ServingFlags.EnablePrefixCaching : ServingFlags.NoEnablePrefixCaching);
        }

        if (engine.SkipTokenizerInit == true)
        {
            arguments.Add(ServingFlags.SkipTokenizerInit);
        }

        if (engine.KVCacheMemory is { } memory && memory.TryGetAmount(out var bytes))
        {
            arguments.AddRange([ServingFlags.KVCacheMemoryBytes, decimal.Truncate(bytes.ToDecimal()).ToString(CultureInfo.InvariantCulture)]);
        }

        Add(ServingFlags.CpuThreads, engine.CpuThreads);
        arguments.AddRange(service.Spec.Runtime?.Args ?? []);
        return arguments;

        void Add(string flag, int? value)
        {
            if (value is { } number)
            {
                arguments.AddRange([flag, Text(number)]);
            }
        }
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
