using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.Operator.Scraping;
using Octavo.ServingContract;

namespace Octavo.Operator.Dialects;

/// <summary>vLLM's server, <c>vllm serve</c>; its flags and metrics as of 0.10 and later.</summary>
internal sealed class VllmDialect : IRuntimeDialect
{
    public string Name => "VLLM";

    public string EngineType => "vllm";

    public bool HasFetch => false;

    public IReadOnlyList<string> OwnVariables => [ReplicaAddress.PodIPVariable];

    /// <summary>Its processes hand tensors to each other there.</summary>
    public bool NeedsSharedMemory => true;

    public string? Refusal(InferenceServiceSpec spec) =>
        spec.Runtime?.Engine?.KVCacheDType is "float32" or "int8" ? $"vLLM has no KV cache of type {spec.Runtime.Engine.KVCacheDType}: kvCacheDtype may be auto, bfloat16, fp8 or fp8_e4m3." : null;

    /// <summary>Written out, because the entry points of its images differ between releases.</summary>
    public IReadOnlyList<string> Command(PodTemplateInputs inputs) => ["vllm", "serve"];

    public IReadOnlyList<string> Arguments(PodTemplateInputs inputs)
    {
        var service = inputs.Service;
        var engine = service.Spec.Runtime?.Engine ?? new EngineSpec();
        var layout = AcceleratorLayout.Of(service.Spec);
        var line = new CommandLine()
            .AddRange([inputs.Model.Path])
            .Add(ServingFlags.ServedModelName, [.. ServingObjectMeta.ModelNames(service)])
            .Add(ServingFlags.Host, ReplicaAddress.Of(inputs))
            .Add(ServingFlags.Port, ReplicaAddress.PortOf(inputs))
            .Add("--tensor-parallel-size", layout.Tensor > 1 || engine.TensorParallelSize is not null ? layout.Tensor : null)
            .Add("--pipeline-parallel-size", layout.Pipeline > 1 || engine.PipelineParallelSize is not null ? layout.Pipeline : null)
            .Add(ServingFlags.MaxModelLen, engine.MaxModelLen)
            .Add(ServingFlags.BlockSize, engine.BlockSize)
            .Add(ServingFlags.MaxNumSeqs, engine.MaxNumSeqs)
            .Add(ServingFlags.MaxNumBatchedTokens, engine.MaxNumBatchedTokens)
            .Add(ServingFlags.GpuMemoryUtilization, CommandLine.Share(engine.GpuMemoryUtilizationPercent))
            .Add(ServingFlags.KVCacheMemoryBytes, CommandLine.Bytes(engine.KVCacheMemory))
            .Add(ServingFlags.DType, engine.DType)
            .Add(ServingFlags.KVCacheDType, engine.KVCacheDType)
            .Add(ServingFlags.Quantization, engine.Quantization)
            .AddSwitch(engine.EnablePrefixCaching, ServingFlags.EnablePrefixCaching, ServingFlags.NoEnablePrefixCaching)
            .AddSwitch(engine.SkipTokenizerInit, ServingFlags.SkipTokenizerInit);
        if (inputs.Nodes > 1)
        {
            // The first node of a replica answers requests, the others compute.
            line.Add("--nnodes", inputs.Nodes).Add("--node-rank", "$(LWS_WORKER_INDEX)").Add("--master-addr", "$(LWS_LEADER_ADDRESS)").AddSwitch(inputs.IsWorker, "--headless");
        }

        return line.AddRange(service.Spec.Runtime?.Args).Build();
    }

    public IReadOnlyList<V1EnvVar> Environment(PodTemplateInputs inputs) =>
        [ReplicaAddress.Variable, .. PythonEnvironment.Variables, PythonEnvironment.Of("VLLM_CACHE_ROOT", PythonEnvironment.Below("vllm")), PythonEnvironment.Of("VLLM_NO_USAGE_STATS", "1")];

    /// <summary>It listens only once its model is loaded and its kernels are compiled, so that /health answers for readiness too.</summary>
    public RuntimeProbes Probes(PodTemplateInputs inputs) => new(
        RuntimeProbes.AskServer(inputs, ServingPaths.Health, periodSeconds: 5, failures: 3 * 60 * 60 / 5),
        RuntimeProbes.AskServer(inputs, ServingPaths.Health, periodSeconds: 5, failures: 3),
        RuntimeProbes.AskServer(inputs, ServingPaths.Health, periodSeconds: 10, failures: 6, timeoutSeconds: 10));

    public RuntimeEnding Ending(PodTemplateInputs inputs) => IdleWait.Of(inputs, ReplicaMetricNames.Vllm);
}
