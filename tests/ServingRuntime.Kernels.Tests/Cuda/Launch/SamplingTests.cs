namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Launch;

[Collection(CudaCollection.Name)]
public sealed class SamplingTests(CudaLibraries libraries)
{
    [SkippableFact]
    public void Sample_RandomLogitsAndParameters_WhatSortingKeepsAndTheHostPicks()
    {
        using var bed = CudaTestBed.Open(libraries);
        int draws = 0, onBorders = 0;
        for (var seed = 1; seed <= 32; seed++)
        {
            using var comparison = new SamplingComparison(bed, seed);
            comparison.Compare();
            draws += comparison.Draws;
            onBorders += comparison.OnBorders;
        }

        draws.Should().BeGreaterThan(350);
        onBorders.Should().BeLessThanOrEqualTo(draws / 50, "all others are the host's to the token");
    }

    /// <summary>With as many threads as large rows have.</summary>
    [SkippableTheory]
    [InlineData(5000)]
    [InlineData(40_000)]
    public void Sample_LargeVocabulary_WhatSortingKeepsAndTheHostPicks(int width)
    {
        using var bed = CudaTestBed.Open(libraries);
        using var comparison = new SamplingComparison(bed, 5);
        comparison.Compare(width);
        comparison.Draws.Should().BeGreaterThan(10);
    }

    [SkippableFact]
    public void Sample_LogitsWithoutALargestNumber_NoToken()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var comparison = new SamplingComparison(bed, 1);
        var row = new SamplingRow(1, 1, 5, 0.9f, 0, 0.5);
        var forbidden = Enumerable.Repeat(float.NegativeInfinity, 40).ToArray();
        comparison.Sample(forbidden, [row]).Should().Equal(ISamplingKernels.Nothing);
        comparison.Sample([.. forbidden[..20], 3f, .. forbidden[..19]], [row]).Should().Equal(20);
        comparison.Sample([.. forbidden[..20], float.PositiveInfinity, .. forbidden[..19]], [row]).Should().Equal(ISamplingKernels.Corrupted);
        comparison.Sample([.. forbidden[..20], float.NaN, .. forbidden[..19]], [row]).Should().Equal(ISamplingKernels.Corrupted);
    }

    [SkippableFact]
    public void Sample_WrongArguments_AreRefusedBeforeTheDevice()
    {
        using var bed = CudaTestBed.Open(libraries);
        Tensor logits = bed.Empty(new TensorShape(2, 40)), two = bed.Empty(new TensorShape(2), DType.Int32), rows = bed.Empty(new TensorShape(16), DType.Int32);
        var wrong = new Action[]
        {
            () => bed.Launcher.Sample(logits, two.Rows(0, 1), rows, two),
            () => bed.Launcher.Sample(logits, two, rows.Rows(0, 15), two),
            () => bed.Launcher.Sample(bed.Empty(new TensorShape(2, 40), DType.BFloat16), two, rows, two),
        };
        foreach (var launch in wrong)
        {
            launch.Should().Throw<ArgumentException>();
        }
    }
}
