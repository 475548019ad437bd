namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Launch;

/// <summary>Shapes for prefill attention beside the reference; mutants of the kernels go through them, too.</summary>
internal static class PrefillComparison
{
    /// <param name="warpgroups">The variant for Hopper, where the bed has its device.</param>
    public static AttentionCase.Kernel Kernel(CudaTestBed bed, bool warpgroups) => (in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output) =>
    {
        bed.Launcher.UsesWarpgroups = warpgroups;
        bed.Launcher.PrefillAttention(queries, blocks, sequences, options, output);
    };

    public static void Random(CudaTestBed bed, int seed, int size, DType cache, bool warpgroups)
    {
        using var random = new RandomTensors(seed);
        var shape = new AttentionShape(
            random.Next(1, 2), random.Pick(1, 2, 3, 4, 7, 8), size, random.Pick(16, 32, 64), cache, random.Pick(DType.Float32, DType.BFloat16, DType.Float16), random.Pick(0, 0, 5, 40), random.Pick(0f, 0f, 4f));
        using var comparison = new AttentionComparison(bed, seed, Kernel(bed, warpgroups)) { TensorCores = true };
        // Longer for the variant whose runs are: stages are to come round.
        comparison.RandomSequences(shape, random.Pick(60, warpgroups ? 600 : 150), random.Pick(20, 150));
    }
}
