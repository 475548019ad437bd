using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.EngineBench;

/// <summary>One run of a workload: tokens by second, and what the engine's thread allocated.</summary>
/// <param name="CpuMicrosecondsPerOutput">Processor time of all threads: says something on a busy machine, too.</param>
internal sealed record Measurement(
    double PromptTokensPerSecond, double OutputTokensPerSecond, double StepMicroseconds,
    double CpuMicrosecondsPerPrompt, double CpuMicrosecondsPerOutput, double AllocatedBytesPerToken)
{
    /// <param name="round">Makes prompts that no earlier round has cached.</param>
    public static Measurement Run(IEngineCore engine, Workload workload, int round, TimeProvider time)
    {
        for (var stream = 0; stream < workload.Streams; stream++)
        {
            engine.AddRequest(new EngineCoreRequest
            {
                RequestId = $"{round}-{stream}",
                PromptTokenIds = Prompt(engine.VocabSize, workload.PromptTokens, (round * 1009) + stream),
                SamplingParams = new SamplingParams { Temperature = 0, MaxTokens = workload.OutputTokens, IgnoreEos = true },
            });
        }

        // Until every stream has its first token it is prefill, afterwards pure decoding.
        var outputs = new List<EngineCoreOutput>(workload.Streams);
        var start = time.GetTimestamp();
        var cpu = Environment.CpuUsage.TotalTime;
        var produced = 0;
        while (produced < workload.Streams)
        {
            engine.Step(outputs);
            produced += outputs.Count;
        }

        var prefill = time.GetElapsedTime(start).TotalSeconds;
        var prefillCpu = Environment.CpuUsage.TotalTime - cpu;
        cpu = Environment.CpuUsage.TotalTime;
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        start = time.GetTimestamp();
        int decoded = 0, steps = 0;
        while (engine.HasUnfinishedRequests)
        {
            engine.Step(outputs);
            decoded += outputs.Count;
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

    private static int[] Prompt(int vocabSize, int length, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(3, vocabSize))];
    }
}
