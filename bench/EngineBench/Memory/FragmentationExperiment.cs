using Octavo.EngineBench.Results;

namespace Octavo.EngineBench.Memory;

/// <summary>Part of the KV slots of used blocks that holds no token, sampled after every step of a mixed load (vLLM, SOSP 2023: below 4 %).</summary>
internal static class FragmentationExperiment
{
    public static ExperimentResult Run(BenchOptions options)
    {
        var figures = new Dictionary<string, double>(StringComparer.Ordinal);
        var rows = new List<string[]>();
        foreach (var blockSize in (int[])[16, 32, 64])
        {
            using var harness = new EngineHarness(options.Engine with { BlockSize = blockSize, MaxNumSeqs = 64, MaxModelLen = MixedLoad.MaxModelLen }, warmUpSeconds: 0);
            long slots = 0, filled = 0, peak = 0;
            var worst = 0.0;
            MixedLoad.Run(harness, options.Short ? 128 : 384, 17, () =>
            {
                var stats = harness.Engine.Stats;
                slots += stats.KVSlots;
                filled += stats.KVSlotsFilled;
                peak = Math.Max(peak, stats.KVSlots);
                // A nearly empty engine says nothing.
                worst = stats.NumRunning >= 32 ? Math.Max(worst, 1 - ((double)stats.KVSlotsFilled / stats.KVSlots)) : worst;
            });
            var wasted = 1 - ((double)filled / slots);
            figures[$"fragmentation_{blockSize}"] = wasted;
            rows.Add([$"{blockSize}", ResultWriter.Text(wasted * 100, "F2"), ResultWriter.Text(worst * 100, "F2"), ResultWriter.Text(peak, "F0")]);
        }

        return new ExperimentResult(
            "fragmentation", "Internal fragmentation of KV blocks",
            [new ResultTable("Mixed load: prompts of 384 tokens in the mean, answers of 70, 64 at once", ["block size", "unused slots, mean %", "worst step with 32 or more %", "slots at most"], rows, "every step counts by its slots")], figures);
    }
}
