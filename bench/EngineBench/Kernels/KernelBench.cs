using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.EngineBench.Kernels;

/// <summary>What a table of kernels measures with.</summary>
/// <param name="Instructions">Sets to compare, each supported here.</param>
/// <param name="Rows">Rows of activations.</param>
/// <param name="Only">Part of the names of the cases to measure.</param>
/// <param name="ReadGigabytesPerSecond">What all threads together read of memory that no cache holds.</param>
internal sealed record KernelBench(BenchOptions Options, IReadOnlyList<CpuInstructionSet> Instructions, IReadOnlyList<int> Rows, string Only, double ReadGigabytesPerSecond, TimeProvider Time)
{
    // Longer than a timer's tick or a stray interrupt, short enough for a hundred cases.
    private const double SampleSeconds = 0.02;

    public CpuBackend Backend(CpuInstructionSet instructions) => new(Options.Threads, instructions);

    /// <summary>Seconds that one call takes: of several samples the median. Each call is told which one it is, so that it can use other memory than the last.</summary>
    public double Measure(Action<int> call)
    {
        var calls = 0;
        call(calls++);
        var once = Sample(1);
        var count = (int)Math.Clamp(SampleSeconds / once, 1, 10_000);
        return Enumerable.Range(0, Options.Rounds).Select(_ => Sample(count)).Order().ElementAt(Options.Rounds / 2);

        double Sample(int count)
        {
            var begin = Time.GetTimestamp();
            for (var i = 0; i < count; i++)
            {
                call(calls++);
            }

            return Time.GetElapsedTime(begin).TotalSeconds / count;
        }
    }
}
