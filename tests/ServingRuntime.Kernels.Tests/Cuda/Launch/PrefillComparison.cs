namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Launch;

/// <summary>Shapes for prefill attention beside the reference; mutants of the kernels go through them, too.</summary>
internal static class PrefillComparison
{
    public static AttentionCase.Kernel Kernel(CudaTestBed bed) => (in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output) =>
        bed.Launcher.PrefillAttention(queries, blocks, sequences, options, output);

    public static void Random(CudaTestBed bed, int seed, int size, DType cache)
    {
        using var random = new RandomTensors(seed);
        var shape = new AttentionShape(
            random.Next(1, 2), random.Pick(1, 2, 3, 4, 7, 8), size, random.Pick(16, 32, 64), cache, random.Pick(DType.Float32, DType.BFloat16, DType.Float16), random.Pick(0, 0, 5, 40), random.Pick(0f, 0f, 4f));
        using var comparison = new AttentionComparison(bed, seed, Kernel(bed)) { TensorCores = true };
        comparison.RandomSequences(shape, random.Pick(60, 150), random.Pick(20, 150));
    }
}
