using Octavo.ServingRuntime.Kernels.Cuda.Launch;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Launch;

[Collection(CudaCollection.Name)]
public sealed class AttentionDecodeTests(CudaLibraries libraries)
{
    private static readonly DType[] Caches = [DType.BFloat16, DType.Float16, DType.Int8, DType.Float8E4M3];

    public static TheoryData<DType, int> Kernels
    {
        get
        {
            var data = new TheoryData<DType, int>();
            foreach (var cache in Caches)
            {
                foreach (var size in (int[])[64, 96, 128, 256])
                {
                    data.Add(cache, size);
                }
            }

            return data;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Kernels))]
    public void Attention_RandomSequences_WhatTheReferenceComputes(DType cache, int size)
    {
        using var bed = CudaTestBed.Open(libraries);
        using var random = new RandomTensors(size + (int)cache);
        for (var seed = 1; seed <= 3; seed++)
        {
            var shape = new AttentionShape(
                random.Next(1, 2), random.Pick(1, 2, 5), size, random.Pick(16, 32, 64), cache, random.Pick(DType.Float32, DType.BFloat16, DType.Float16), random.Pick(0, 0, 9, 80), random.Pick(0f, 4f));
            using var comparison = new AttentionComparison(bed, seed, Kernel(bed)) { TensorCores = true };
            comparison.RandomSequences(shape, 300, random.Pick(1, 4, 8));
        }
    }

    /// <summary>Around the edges of tiles, of warps' turns and of splits.</summary>
    [SkippableTheory]
    [InlineData(DType.BFloat16, 0)]
    [InlineData(DType.Int8, 0)]
    [InlineData(DType.Float16, 33)]
    public void Attention_LengthsAroundEdges_WhatTheReferenceComputes(DType cache, int window)
    {
        using var bed = CudaTestBed.Open(libraries);
        foreach (var length in (int[])[1, 15, 16, 17, 63, 64, 65, 127, 129, 191, 193, 257, 600])
        {
            using var comparison = new AttentionComparison(bed, length, Kernel(bed)) { TensorCores = true };
            comparison.OneSequence(new AttentionShape(1, 3, 64, 32, cache, Window: window), length, Math.Min(length, 1 + (length % 3)));
        }
    }

    /// <summary>More rows than a tile of a product has, and more sequences than memory for partial results takes at once.</summary>
    [SkippableFact]
    public void Attention_ManyRowsLittleMemory_WhatTheReferenceComputes()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var comparison = new AttentionComparison(bed, 8, Kernel(bed, partialBytes: 300_000)) { TensorCores = true };
        comparison.RandomSequences(new AttentionShape(1, 12, 64, 16, DType.BFloat16, DType.BFloat16), 200, 8);
        comparison.RandomSequences(new AttentionShape(2, 9, 64, 16, DType.Float8E4M3), 200, 5);
    }

    [SkippableTheory]
    [InlineData(DType.BFloat16, 0)]
    [InlineData(DType.Float8E4M3, 50)]
    public void Attention_AnyCompany_SameBits(DType cache, int window)
    {
        using var bed = CudaTestBed.Open(libraries);
        using var comparison = new AttentionComparison(bed, 4, Kernel(bed)) { TensorCores = true };
        comparison.Company(new AttentionShape(2, 2, 64, 16, cache, DType.BFloat16, Window: window), [170, 3, 265], [1, 3, 2]);
    }

    [SkippableTheory]
    [InlineData(DType.BFloat16)]
    [InlineData(DType.Int8)]
    public void Attention_LaterTokenIsNotFinite_NothingOfItInRowsBefore(DType cache)
    {
        using var bed = CudaTestBed.Open(libraries);
        using var comparison = new AttentionComparison(bed, 4, Kernel(bed));
        comparison.SpoiledToken(new AttentionShape(2, 2, 64, 16, cache), 140, 5, 137);
    }

    /// <summary>A token decoded alone and with drafted ones behind it: the same bits, also where only the drafts reach another split.</summary>
    [SkippableTheory]
    [InlineData(DType.BFloat16, 0)]
    [InlineData(DType.Float8E4M3, 40)]
    public void Attention_AloneOrWithDrafts_SameBits(DType cache, int window)
    {
        using var bed = CudaTestBed.Open(libraries);
        using var random = new RandomTensors(8);
        using var all = new AttentionCase(bed, random, new AttentionShape(2, 3, 64, 16, cache, DType.BFloat16, window), 131);
        var together = all.Attend(Kernel(bed), [0], [8]);
        var decode = Kernel(bed);
        AttentionCase.Kernel alone = (in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output) =>
        {
            for (var row = 0; row < 8; row++)
            {
                Tensor starts = bed.Upload(random.Ints(0, 1)), lengths = bed.Upload(random.Ints(124 + row));
                decode(queries.Rows(row, 1), blocks, sequences with { QueryStarts = starts, SequenceLengths = lengths }, options, output.Rows(row, 1));
            }
        };
        all.Attend(alone, [0], [8]).Should().Equal(together);
    }

    [SkippableFact]
    public void Attention_TablesByGroups_EachHeadSeesWhatItsGroupKeeps()
    {
        using var bed = CudaTestBed.Open(libraries);
        for (var seed = 1; seed <= 3; seed++)
        {
            using var comparison = new AttentionComparison(bed, seed, Kernel(bed)) { TensorCores = true };
            comparison.RandomSequences(new AttentionShape(3, 2, 64, 16, Caches[seed]), 300, 3, groups: true);
        }

        using var same = new AttentionComparison(bed, 9, Kernel(bed));
        same.GroupsThatKeepEverything(new AttentionShape(3, 1, 64, 16, DType.BFloat16), [140, 17], [1, 3]);
    }

    [SkippableFact]
    public void Attention_LogarithmsOfTheSums_ThoseOfTheScores()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var random = new RandomTensors(6);
        foreach (var length in (int[])[45, 200])
        {
            using var all = new AttentionCase(bed, random, new AttentionShape(2, 2, 64, 16, DType.Float16, Window: length / 2, Cap: 3), length);
            var sums = bed.Empty(new TensorShape(2, 4));
            var partials = bed.Empty(new TensorShape(100_000));
            AttentionCase.Kernel kernel = (in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output) =>
                bed.Launcher.DecodeAttention(queries, blocks, sequences, options, output, partials.Memory, sums, new AttentionSplits(64, 3));
            all.Attend(kernel, [0], [2]);
            all.ShouldBeLogSums(bed.Read(sums), 2, 4e-3f);
        }
    }

    /// <summary>Sequences of many queries are another kernel's.</summary>
    [SkippableFact]
    public void Attention_SequenceOfManyQueries_ItsRowsAreNotWritten()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var random = new RandomTensors(5);
        var shape = new AttentionShape(1, 2, 64, 16, DType.BFloat16);
        using var all = new AttentionCase(bed, random, shape, 40, 90, 12);
        var rows = all.Attend(Kernel(bed), [0, 1, 2], [2, 9, 1]).Chunk(shape.Width).ToArray();
        var expected = all.Expected([0, 1, 2], [2, 9, 1]);
        for (var row = 0; row < 12; row++)
        {
            for (var i = 0; i < shape.Width; i++)
            {
                if (row is >= 2 and < 11)
                {
                    float.IsNaN(rows[row][i]).Should().BeTrue($"row {row} is another kernel's");
                }
                else
                {
                    rows[row][i].Should().BeApproximately(expected.Row<float>(row)[i], 1.5e-2f);
                }
            }
        }
    }

    [SkippableFact]
    public void Attention_OtherHeadSize_IsRefused()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var comparison = new AttentionComparison(bed, 4, Kernel(bed));
        var attend = () => comparison.OneSequence(new AttentionShape(1, 1, 80, 16, DType.BFloat16), 9, 1);
        attend.Should().Throw<ArgumentException>().WithMessage("no kernel decodes heads of 80 in BFloat16");
    }

    [Theory]
    [InlineData(8, 1024, 0, 2)]
    [InlineData(8, 512, 0, 1)]
    [InlineData(8, 131072, 0, 32)]
    [InlineData(2, 4096, 0, 32)]
    [InlineData(1, 1000000, 0, 128)]
    [InlineData(8, 131072, 1024, 4)]
    public void Splits_OfAModel_RoomForThem(int kvHeads, int longest, int window, int room) =>
        AttentionSplits.For(32, kvHeads, 128, 256 << 20).Room(longest, window).Should().Be(room);

    internal static AttentionCase.Kernel Kernel(CudaTestBed bed, int partialBytes = 4 << 20)
    {
        var partials = bed.Empty(new TensorShape(partialBytes), DType.Int8);
        return (in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output) =>
            bed.Launcher.DecodeAttention(queries, blocks, sequences, options, output, partials.Memory, splits: new AttentionSplits(64, 3));
    }
}
