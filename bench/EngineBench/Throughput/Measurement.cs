namespace Octavo.EngineBench.Throughput;

/// <summary>One run of a workload: tokens by second, and what the engine's thread allocated.</summary>
/// <param name="CpuMicrosecondsPerOutput">Processor time of all threads: says something on a busy machine, too.</param>
internal sealed record Measurement(
    double PromptTokensPerSecond, double OutputTokensPerSecond, double StepMicroseconds,
    double CpuMicrosecondsPerPrompt, double CpuMicrosecondsPerOutput, double AllocatedBytesPerToken)
{
    /// <param name="random">Makes prompts that no earlier run has cached.</param>
    public static Measurement Run(EngineHarness harness, Workload workload, Random random)
    {
        for (var stream = 0; stream < workload.Streams; stream++)
        {
            harness.Add(harness.Prompt(workload.PromptTokens, random), workload.OutputTokens);
        }

        // Until every stream has its first token it is prefill, afterwards pure decoding.
        var time = harness.Time;
        var start = time.GetTimestamp();
        var cpu = Environment.CpuUsage.TotalTime;
        for (var produced = 0; produced < workload.Streams;)
        {
            produced += harness.Step().Count;
        }

        var prefill = time.GetElapsedTime(start).TotalSeconds;
        var prefillCpu = Environment.CpuUsage.TotalTime - cpu;
        cpu = Environment.CpuUsage.TotalTime;
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        start = time.GetTimestamp();
        int decoded = 0, steps = 0;
        while (harness.Engine.HasUnfinishedRequests)
        {
            decoded += harness.Step().Count;
            steps++;
        }

        var decode = time.GetElapsedTime(start).TotalSeconds;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        return new Measurement(
            workload.Streams * workload.PromptTokens / prefill,
            steps == 0 ? 0 : decoded / decode,
            steps == 0 ? 0 : decode / steps * 1e6,
            prefillCpu.TotalMicroseconds / (workload.Streams * workload.PromptTokens),
            decoded == 0 ? 0 : (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / decoded,
            decoded == 0 ? 0 : (double)allocated / decoded);
    }
}
