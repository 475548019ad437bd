using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.Operator.Scraping;
using Octavo.ServingContract;

namespace Octavo.Operator.Dialects;

/// <summary>SGLang's server, <c>python3 -m sglang.launch_server</c>.</summary>
internal sealed class SglangDialect : IRuntimeDialect
{
    /// <summary>Where the processes of a replica that spans nodes meet.</summary>
    private const int RendezvousPort = 20000;

    public string Name => "SGLang";

    public string EngineType => "sglang";

    public bool HasFetch => false;

    public IReadOnlyList<string> OwnVariables => [ReplicaAddress.PodIPVariable];

    /// <summary>Its processes hand tensors to each other there.</summary>
    public bool NeedsSharedMemory => true;

    public string? Refusal(InferenceServiceSpec spec)
    {
        var engine = spec.Runtime?.Engine;
        return engine?.KVCacheDType is "float32" or "int8" ? $"SGLang has no KV cache of type {engine.KVCacheDType}: kvCacheDtype may be auto, bfloat16, fp8 or fp8_e4m3."
            : engine?.KVCacheMemory is not null ? "SGLang's KV cache has no size in bytes: set gpuMemoryUtilizationPercent instead of kvCacheMemory."
            : null;
    }

    public IReadOnlyList<string> Command(PodTemplateInputs inputs) => ["python3", "-m", "sglang.launch_server"];

    public IReadOnlyList<string> Arguments(PodTemplateInputs inputs)
    {
        var service = inputs.Service;
        var engine = service.Spec.Runtime?.Engine ?? new EngineSpec();
        var layout = AcceleratorLayout.Of(service.Spec);
        var line = new CommandLine()
            .Add("--model-path", inputs.Model.Path)
            // One name only; requests for the aliases reach it as well, since it does not compare them.
            .Add(ServingFlags.ServedModelName, ServingObjectMeta.ModelNames(service)[0])
            .Add(ServingFlags.Host, ReplicaAddress.Of(inputs))
            .Add(ServingFlags.Port, ReplicaAddress.PortOf(inputs))
            .AddSwitch(true, "--enable-metrics")
            .Add("--tp-size", layout.Tensor > 1 || engine.TensorParallelSize is not null ? layout.Tensor : null)
            .Add("--pp-size", layout.Pipeline > 1 || engine.PipelineParallelSize is not null ? layout.Pipeline : null)
            .Add("--context-length", engine.MaxModelLen)
            .Add("--page-size", engine.BlockSize)
            .Add("--max-running-requests", engine.MaxNumSeqs)
            .Add("--chunked-prefill-size", engine.MaxNumBatchedTokens)
            .Add("--mem-fraction-static", CommandLine.Share(engine.GpuMemoryUtilizationPercent))
            .Add(ServingFlags.DType, engine.DType)
            .Add(ServingFlags.KVCacheDType, engine.KVCacheDType switch { "fp8" => "fp8_e4m3", "bfloat16" => "bf16", var type => type })
            .Add(ServingFlags.Quantization, engine.Quantization)
            .AddSwitch(engine.EnablePrefixCaching == false, "--disable-radix-cache")
            .AddSwitch(engine.SkipTokenizerInit, ServingFlags.SkipTokenizerInit);
        if (inputs.Nodes > 1)
        {
            line.Add("--nnodes", inputs.Nodes).Add("--node-rank", "$(LWS_WORKER_INDEX)").Add("--dist-init-addr", $"$(LWS_LEADER_ADDRESS):{RendezvousPort}");
        }

        return line.AddRange(service.Spec.Runtime?.Args).Build();
    }

    public IReadOnlyList<V1EnvVar> Environment(PodTemplateInputs inputs) => [ReplicaAddress.Variable, .. PythonEnvironment.Variables];

    /// <summary>/health is 503 until the model is loaded.</summary>
    public RuntimeProbes Probes(PodTemplateInputs inputs) => new(
        RuntimeProbes.AskServer(inputs, ServingPaths.Health, periodSeconds: 5, failures: 3 * 60 * 60 / 5),
        RuntimeProbes.AskServer(inputs, ServingPaths.Health, periodSeconds: 5, failures: 3, timeoutSeconds: 10),
        RuntimeProbes.AskServer(inputs, ServingPaths.Health, periodSeconds: 10, failures: 6, timeoutSeconds: 20));

    public RuntimeEnding Ending(PodTemplateInputs inputs) => IdleWait.Of(inputs, ReplicaMetricNames.Sglang);
}
