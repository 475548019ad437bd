namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Launch;

[Collection(CudaCollection.Name)]
public sealed class AttentionGeneralTests(CudaLibraries libraries)
{
    public static TheoryData<DType> Caches => new(DType.Float32, DType.BFloat16, DType.Float16, DType.Int8, DType.Float8E4M3);

    [SkippableTheory]
    [MemberData(nameof(Caches))]
    public void Attention_RandomSequences_WhatTheReferenceComputes(DType cache)
    {
        using var bed = CudaTestBed.Open(libraries);
        using var random = new RandomTensors(17);
        for (var seed = 1; seed <= 6; seed++)
        {
            var shape = new AttentionShape(
                random.Next(1, 3), random.Pick(1, 2, 5), random.Pick(1, 20, 64, 80, 128, 192), random.Pick(16, 32, 64), cache, random.Pick(DType.Float32, DType.BFloat16, DType.Float16),
                random.Pick(0, 0, 9, 40), random.Pick(0f, 4f));
            using var comparison = new AttentionComparison(bed, seed, Kernel(bed));
            comparison.RandomSequences(shape, 90, seed % 2 == 0 ? 3 : 9);
        }
    }

    [SkippableTheory]
    [InlineData(DType.Float32, 512)]
    [InlineData(DType.Float8E4M3, 131)]
    [InlineData(DType.Float16, 256)]
    public void Attention_LargeHead_WhatTheReferenceComputes(DType cache, int size)
    {
        using var bed = CudaTestBed.Open(libraries);
        using var comparison = new AttentionComparison(bed, 3, Kernel(bed));
        comparison.OneSequence(new AttentionShape(1, 1, size, 16, cache), 70, 2);
    }

    [SkippableFact]
    public void Attention_TablesByGroups_EachHeadSeesWhatItsGroupKeeps()
    {
        using var bed = CudaTestBed.Open(libraries);
        for (var seed = 1; seed <= 3; seed++)
        {
            using var comparison = new AttentionComparison(bed, seed, Kernel(bed));
            comparison.RandomSequences(new AttentionShape(3, 2, 32, 16, DType.Float32), 90, 3, groups: true);
        }

        using var same = new AttentionComparison(bed, 9, Kernel(bed));
        same.GroupsThatKeepEverything(new AttentionShape(3, 1, 32, 16, DType.BFloat16), [40, 17], [1, 3]);
    }

    [SkippableFact]
    public void Attention_AnyCompany_SameBits()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var comparison = new AttentionComparison(bed, 4, Kernel(bed));
        comparison.Company(new AttentionShape(2, 2, 40, 16, DType.Int8, DType.BFloat16), [70, 3, 33], [1, 3, 2]);
    }

    [SkippableFact]
    public void Attention_SequencesOfFewQueriesAreAnothers_TheirRowsAreNotWritten()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var random = new RandomTensors(5);
        using var all = new AttentionCase(bed, random, new AttentionShape(1, 2, 16, 16, DType.Float32), 9, 20, 12);
        AttentionCase.Kernel kernel = (in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output) =>
            bed.Launcher.GeneralAttention(queries, blocks, sequences, options, output, moreThan: 2);
        var rows = all.Attend(kernel, [0, 1, 2], [2, 3, 1]).Chunk(32).ToArray();
        var expected = all.Expected([0, 1, 2], [2, 3, 1]);
        for (var row = 0; row < 6; row++)
        {
            for (var i = 0; i < 32; i++)
            {
                if (row is >= 2 and < 5)
                {
                    rows[row][i].Should().BeApproximately(expected.Row<float>(row)[i], 1e-5f);
                }
                else
                {
                    float.IsNaN(rows[row][i]).Should().BeTrue($"row {row} is another kernel's");
                }
            }
        }
    }

    [SkippableFact]
    public void Attention_LogarithmsOfTheSums_ThoseOfTheScores()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var random = new RandomTensors(6);
        using var all = new AttentionCase(bed, random, new AttentionShape(2, 2, 32, 16, DType.Float32, Window: 20, Cap: 3), 45);
        var sums = bed.Empty(new TensorShape(2, 4));
        AttentionCase.Kernel kernel = (in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output) =>
            bed.Launcher.GeneralAttention(queries, blocks, sequences, options, output, logSums: sums);
        all.Attend(kernel, [0], [2]);
        all.ShouldBeLogSums(bed.Read(sums), 2, 1e-5f);
    }

    [SkippableFact]
    public void Attention_WindowWithGroups_IsRefused()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var comparison = new AttentionComparison(bed, 4, Kernel(bed));
        var attend = () => comparison.RandomSequences(new AttentionShape(2, 1, 16, 16, DType.Float32, Window: 4), 9, 3, groups: true);
        attend.Should().Throw<ArgumentException>().WithMessage("a sliding window of 4 with tables by groups*");
    }

    private static AttentionCase.Kernel Kernel(CudaTestBed bed) => (in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output) =>
        bed.Launcher.GeneralAttention(queries, blocks, sequences, options, output);
}
