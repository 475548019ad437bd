using Octavo.ServingRuntime.Engine;

namespace Octavo.EngineBench;

/// <summary>What every experiment is given.</summary>
/// <param name="Rounds">Measured rounds; medians are reported.</param>
/// <param name="Short">Fewer cases and requests, for a look in under a minute.</param>
internal sealed record BenchOptions(string ModelPath, int Threads, string DType, int Rounds, double WarmUpSeconds, bool Short, string CpuInstructions = "auto")
{
    public EngineOptions Engine => new() { ModelPath = ModelPath, CpuThreads = Threads, DType = DType, CpuInstructions = CpuInstructions };
}
