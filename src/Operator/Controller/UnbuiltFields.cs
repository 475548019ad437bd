using Octavo.Operator.Entities;

namespace Octavo.Operator.Controller;

/// <summary>
/// Fields that the definition has and this release does nothing with: a spec that sets one is refused with the reason NotBuilt, since to ignore a wish in
/// silence is worse. Whoever builds a field takes its line away.
/// </summary>
internal static class UnbuiltFields
{
    private static readonly (string Path, Func<InferenceServiceSpec, bool> IsSet)[] Fields =
    [
        ("spec.runtime.dialect", s => s.Runtime?.Dialect is not (null or "Octavo")),
        ("spec.runtime.sharedMemory", s => s.Runtime?.SharedMemory is not null),
        ("spec.runtime.engine.tensorParallelSize", s => s.Runtime?.Engine?.TensorParallelSize is not null),
        ("spec.runtime.engine.pipelineParallelSize", s => s.Runtime?.Engine?.PipelineParallelSize is not null),
        ("spec.runtime.engine.quantization", s => s.Runtime?.Engine?.Quantization is not null),
        ("spec.runtime.engine.gpuMemoryUtilizationPercent", s => s.Runtime?.Engine?.GpuMemoryUtilizationPercent is not null),
        ("spec.accelerator.nodes above 1", s => s.Accelerator?.Nodes > 1),
        ("spec.storage.fill", s => s.Storage?.Fill is not (null or "Init")),
    ];

    /// <summary>Paths of the fields that are set and not built.</summary>
    public static IReadOnlyList<string> In(InferenceServiceSpec spec) => [.. Fields.Where(f => f.IsSet(spec)).Select(f => f.Path)];
}
