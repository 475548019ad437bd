using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.ServingContract;

namespace Octavo.Operator.Dialects;

/// <summary>Octavo's own runtime. Only what the spec says is written to the command line: all else stays the runtime's default.</summary>
internal sealed class OctavoDialect : IRuntimeDialect
{
    /// <summary>What a pod gets beyond the drain to abort, close and exit.</summary>
    private const int GraceBeyondDrainSeconds = 15;

    /// <summary>The pod's own containers have ended before: nobody waits for an answer any more.</summary>
    private const int SidecarDrainSeconds = 5;

    /// <summary>Loading may take long: as many tries of one second as three hours have.</summary>
    private const int StartupFailures = 3 * 60 * 60;

    public string Name => "Octavo";

    /// <summary>Octavo's replicas tell their load under vLLM's names.</summary>
    public string EngineType => "vllm";

    public bool HasFetch => true;

    public IReadOnlyList<string> OwnVariables => [ReplicaAddress.PodIPVariable, "HOME"];

    public bool NeedsSharedMemory => false;

    public string? Refusal(InferenceServiceSpec spec)
    {
        var engine = spec.Runtime?.Engine;
        return engine?.TensorParallelSize > 1 || engine?.PipelineParallelSize > 1 ? "Octavo's runtime computes on one device: tensorParallelSize and pipelineParallelSize need the dialect VLLM or SGLang."
            : spec.Accelerator?.Nodes > 1 ? "Octavo's runtime does not span nodes: accelerator.nodes above 1 needs the dialect VLLM or SGLang."
            : null;
    }

    public IReadOnlyList<string>? Command(PodTemplateInputs inputs) => null;

    public IReadOnlyList<string> Arguments(PodTemplateInputs inputs)
    {
        var service = inputs.Service;
        var engine = service.Spec.Runtime?.Engine ?? new EngineSpec();
        return new CommandLine()
            .Add(ServingFlags.Model, inputs.Model.Path)
            .Add(ServingFlags.ServedModelName, [.. ServingObjectMeta.ModelNames(service)])
            .Add(ServingFlags.Host, ReplicaAddress.Of(inputs))
            .Add(ServingFlags.Port, ReplicaAddress.PortOf(inputs))
            .Add(ServingFlags.ProbePort, inputs.Sidecar?.ProbePort)
            .Add(ServingFlags.ShutdownTimeout, inputs.Sidecar is null ? ServingPodTemplate.DrainSeconds(service) : SidecarDrainSeconds)
            .Add(ServingFlags.MaxModelLen, engine.MaxModelLen)
            .Add(ServingFlags.BlockSize, engine.BlockSize)
            .Add(ServingFlags.MaxNumSeqs, engine.MaxNumSeqs)
            .Add(ServingFlags.MaxNumBatchedTokens, engine.MaxNumBatchedTokens)
            .Add(ServingFlags.MaxNumQueuedRequests, engine.MaxNumQueuedRequests)
            .Add(ServingFlags.DType, engine.DType)
            .Add(ServingFlags.KVCacheDType, engine.KVCacheDType)
            .Add(ServingFlags.Quantization, engine.Quantization)
            .AddSwitch(engine.EnablePrefixCaching, ServingFlags.EnablePrefixCaching, ServingFlags.NoEnablePrefixCaching)
            .AddSwitch(engine.SkipTokenizerInit, ServingFlags.SkipTokenizerInit)
            .Add(ServingFlags.KVCacheMemoryBytes, CommandLine.Bytes(engine.KVCacheMemory))
            .Add(ServingFlags.GpuMemoryUtilization, CommandLine.Share(engine.GpuMemoryUtilizationPercent))
            .Add(ServingFlags.CpuThreads, engine.CpuThreads)
            .AddRange(service.Spec.Runtime?.Args)
            .Build();
    }

    public IReadOnlyList<V1EnvVar> Environment(PodTemplateInputs inputs) => [ReplicaAddress.Variable, new V1EnvVar { Name = "HOME", Value = PodVolumes.ScratchPath }];

    public RuntimeProbes Probes(PodTemplateInputs inputs) => new(
        RuntimeProbes.Ask(inputs, ServingPaths.Ready, periodSeconds: 1, StartupFailures),
        RuntimeProbes.Ask(inputs, ServingPaths.Ready, periodSeconds: 2, failures: 3),
        RuntimeProbes.Ask(inputs, ServingPaths.Health, periodSeconds: 10, failures: 6));

    /// <summary>The runtime drains by itself on SIGTERM, which waits until no address list names the pod any more.</summary>
    public RuntimeEnding Ending(PodTemplateInputs inputs)
    {
        var grace = ServingPodTemplate.DrainSeconds(inputs.Service) + GraceBeyondDrainSeconds;
        return inputs.IsFirstRevision
            ? new RuntimeEnding(null, grace)
            : new RuntimeEnding(new V1LifecycleHandler { Sleep = new V1SleepAction { Seconds = RuntimeEnding.RemovalSeconds } }, RuntimeEnding.RemovalSeconds + grace);
    }
}
