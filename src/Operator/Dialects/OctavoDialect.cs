using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.ServingContract;

namespace Octavo.Operator.Dialects;

/// <summary>Octavo's own runtime. Only what the spec says is written to the command line: all else stays the runtime's default.</summary>
internal sealed class OctavoDialect : IRuntimeDialect
{
    private const string PodIPVariable = "POD_IP";
    private const string HomeVariable = "HOME";

    /// <summary>What a pod gets beyond the drain to abort, close and exit.</summary>
    private const int GraceBeyondDrainSeconds = 15;

    /// <summary>Loading may take long: as many tries of one second as three hours have.</summary>
    private const int StartupFailures = 3 * 60 * 60;

    public string Name => "Octavo";

    public IReadOnlyList<string> OwnVariables => [PodIPVariable, HomeVariable];

    public IReadOnlyList<string>? Command(PodTemplateInputs inputs) => null;

    public IReadOnlyList<string> Arguments(PodTemplateInputs inputs)
    {
        var service = inputs.Service;
        var engine = service.Spec.Runtime?.Engine ?? new EngineSpec();
        return new CommandLine()
            .Add(ServingFlags.Model, inputs.Model.Path)
            .Add(ServingFlags.ServedModelName, [.. ServingObjectMeta.ModelNames(service)])
            .Add(ServingFlags.Host, $"$({PodIPVariable})")
            .Add(ServingFlags.Port, ServingPorts.Http)
            .Add(ServingFlags.ShutdownTimeout, ServingPodTemplate.DrainSeconds(service))
            .Add(ServingFlags.MaxModelLen, engine.MaxModelLen)
            .Add(ServingFlags.BlockSize, engine.BlockSize)
            .Add(ServingFlags.MaxNumSeqs, engine.MaxNumSeqs)
            .Add(ServingFlags.MaxNumBatchedTokens, engine.MaxNumBatchedTokens)
            .Add(ServingFlags.MaxNumQueuedRequests, engine.MaxNumQueuedRequests)
            .Add(ServingFlags.DType, engine.DType)
            .Add(ServingFlags.KVCacheDType, engine.KVCacheDType)
            .AddSwitch(engine.EnablePrefixCaching, ServingFlags.EnablePrefixCaching, ServingFlags.NoEnablePrefixCaching)
            .AddSwitch(engine.SkipTokenizerInit == true ? true : null, ServingFlags.SkipTokenizerInit)
            .Add(ServingFlags.KVCacheMemoryBytes, CommandLine.Bytes(engine.KVCacheMemory))
            .Add(ServingFlags.CpuThreads, engine.CpuThreads)
            .AddRange(service.Spec.Runtime?.Args)
            .Build();
    }

    public IReadOnlyList<V1EnvVar> Environment(PodTemplateInputs inputs) =>
    [
        new V1EnvVar { Name = PodIPVariable, ValueFrom = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { ApiVersion = "v1", FieldPath = "status.podIP" } } },
        new V1EnvVar { Name = HomeVariable, Value = PodVolumes.ScratchPath },
    ];

    public RuntimeProbes Probes(PodTemplateInputs inputs) => new(
        Probe(ServingPaths.Ready, periodSeconds: 1, StartupFailures),
        Probe(ServingPaths.Ready, periodSeconds: 2, failures: 3),
        Probe(ServingPaths.Health, periodSeconds: 10, failures: 6));

    public RuntimeEnding Ending(PodTemplateInputs inputs) => new(null, ServingPodTemplate.DrainSeconds(inputs.Service) + GraceBeyondDrainSeconds);

    private static V1Probe Probe(string path, int periodSeconds, int failures) => new()
    {
        HttpGet = new V1HTTPGetAction { Path = path, Port = ServingPorts.HttpName },
        PeriodSeconds = periodSeconds,
        TimeoutSeconds = 5,
        FailureThreshold = failures,
    };
}
