using Octavo.ServingRuntime.Kernels.Cuda.Compilation;
using Octavo.ServingRuntime.Kernels.Cuda.Launch;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Launch;

[Collection(CudaCollection.Name)]
public sealed class PrefillAttentionTests(CudaLibraries libraries)
{
    public static TheoryData<int, DType, bool> Heads
    {
        get
        {
            var data = new TheoryData<int, DType, bool>();
            foreach (var size in (int[])[64, 96, 128, 256])
            {
                foreach (var cache in (DType[])[DType.BFloat16, DType.Float16, DType.Int8, DType.Float8E4M3])
                {
                    data.Add(size, cache, false);
                    if (PrefillKernel.FindForWarpgroups(size, cache) is not null)
                    {
                        data.Add(size, cache, true);
                    }
                }
            }

            return data;
        }
    }

    /// <summary>Several sequences, chunks behind earlier tokens, windows narrower than a run of keys, caps, groups that divide no tile; blocks in any order, NaN wherever nobody stored.</summary>
    [SkippableTheory]
    [MemberData(nameof(Heads))]
    public void Prefill_RandomSequences_WhatTheReferenceComputes(int size, DType cache, bool warpgroups)
    {
        using var bed = Open(warpgroups);
        for (var seed = 1; seed <= 3; seed++)
        {
            PrefillComparison.Random(bed, (1000 * size) + (10 * (int)cache) + seed, size, cache, warpgroups);
        }
    }

    [SkippableTheory]
    [InlineData(1, 300, 290, false)]
    [InlineData(3, 150, 100, false)]
    [InlineData(7, 70, 61, false)]
    [InlineData(8, 200, 16, false)]
    [InlineData(1, 700, 190, true)]
    [InlineData(5, 300, 60, true)]
    public void Prefill_MoreThanATile_WhatTheReferenceComputes(int group, int length, int count, bool warpgroups)
    {
        using var bed = Open(warpgroups);
        foreach (var window in (int[])[0, 75])
        {
            using var comparison = new AttentionComparison(bed, 5, PrefillComparison.Kernel(bed, warpgroups)) { TensorCores = true };
            comparison.OneSequence(new AttentionShape(1, group, 64, 32, DType.BFloat16, Window: window), length, count);
        }
    }

    [SkippableTheory]
    [InlineData(DType.BFloat16, false)]
    [InlineData(DType.Float8E4M3, false)]
    [InlineData(DType.BFloat16, true)]
    public void Prefill_AnyCompany_SameBits(DType cache, bool warpgroups)
    {
        using var bed = Open(warpgroups);
        using var comparison = new AttentionComparison(bed, 4, PrefillComparison.Kernel(bed, warpgroups));
        comparison.Company(new AttentionShape(2, 3, 64, 16, cache, DType.BFloat16), [70, 3, 133, 40], [61, 3, 90, 1]);
    }

    /// <summary>What a prompt becomes in one piece and in chunks of any length, one token among them: the same bits.</summary>
    [SkippableTheory]
    [InlineData(DType.Float16, 0, false)]
    [InlineData(DType.BFloat16, 37, false)]
    [InlineData(DType.Int8, 0, false)]
    [InlineData(DType.Float16, 37, true)]
    public void Prefill_InChunks_SameBits(DType cache, int window, bool warpgroups)
    {
        using var bed = Open(warpgroups);
        using var random = new RandomTensors(8);
        using var prompt = new AttentionCase(bed, random, new AttentionShape(1, 2, 64, 16, cache, DType.BFloat16, window), 150);
        var whole = prompt.Attend(PrefillComparison.Kernel(bed, warpgroups), [0], [140]);
        AttentionCase.Kernel chunks = (in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output) =>
        {
            for (int begin = 0, length = 1; begin < 140; begin += length, length = Math.Min((2 * length) + 1, 140 - begin))
            {
                Tensor starts = bed.Upload(random.Ints(0, length)), lengths = bed.Upload(random.Ints(10 + begin + length));
                bed.Launcher.PrefillAttention(
                    queries.Rows(begin, length), blocks, sequences with { QueryStarts = starts, SequenceLengths = lengths }, options, output.Rows(begin, length));
            }
        };
        prompt.Attend(chunks, [0], [140]).Should().Equal(whole);
    }

    [SkippableTheory]
    [InlineData(DType.BFloat16, false)]
    [InlineData(DType.Float8E4M3, false)]
    [InlineData(DType.Float16, true)]
    public void Prefill_LaterTokenIsNotFinite_NothingOfItInRowsBefore(DType cache, bool warpgroups)
    {
        using var bed = Open(warpgroups);
        using var comparison = new AttentionComparison(bed, 4, PrefillComparison.Kernel(bed, warpgroups));
        comparison.SpoiledToken(new AttentionShape(2, 2, 64, 16, cache), 90, 40, 77);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Prefill_TablesByGroups_EachHeadSeesWhatItsGroupKeeps(bool warpgroups)
    {
        using var bed = Open(warpgroups);
        for (var seed = 1; seed <= 3; seed++)
        {
            using var comparison = new AttentionComparison(bed, seed, PrefillComparison.Kernel(bed, warpgroups)) { TensorCores = true };
            comparison.RandomSequences(new AttentionShape(3, 2, 64, 16, seed == 2 ? DType.Int8 : DType.BFloat16), 120, 9, groups: true);
        }

        using var same = new AttentionComparison(bed, 9, PrefillComparison.Kernel(bed, warpgroups));
        same.GroupsThatKeepEverything(new AttentionShape(3, 1, 64, 16, DType.BFloat16), [40, 17], [20, 3]);
    }

    [SkippableFact]
    public void Prefill_SequencesOfFewQueriesAreAnothers_TheirRowsAreNotWritten()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var random = new RandomTensors(5);
        using var all = new AttentionCase(bed, random, new AttentionShape(1, 2, 64, 16, DType.BFloat16), 9, 20, 12);
        AttentionCase.Kernel kernel = (in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output) =>
            bed.Launcher.PrefillAttention(queries, blocks, sequences, options, output, moreThan: 2);
        all.Attend(kernel, [0, 1, 2], [2, 3, 1], padding: 2).Chunk(128).Select(row => row.Count(float.IsNaN)).Should().Equal(128, 128, 0, 0, 0, 128, 128, 128, 128, 128);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Prefill_LogarithmsOfTheSums_ThoseOfTheScores(bool warpgroups)
    {
        using var bed = Open(warpgroups);
        using var random = new RandomTensors(6);
        using var all = new AttentionCase(bed, random, new AttentionShape(2, 2, 64, 16, DType.Float16, DType.Float16, Window: 70, Cap: 3), 145);
        var sums = bed.Empty(new TensorShape(80, 4));
        AttentionCase.Kernel kernel = (in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output) =>
            bed.Launcher.PrefillAttention(queries, blocks, sequences, options, output, logSums: sums);
        bed.Launcher.UsesWarpgroups = warpgroups;
        all.Attend(kernel, [0], [80]);
        all.ShouldBeLogSums(bed.Read(sums), 80, 2e-4f);
    }

    [SkippableFact]
    public void Prefill_WhatNoKernelIsFor_IsRefused()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var random = new RandomTensors(6);
        foreach (var (size, cache) in new[] { (80, DType.BFloat16), (64, DType.Float32) })
        {
            using var all = new AttentionCase(bed, random, new AttentionShape(1, 1, size, 16, cache), 9);
            KernelLauncher.HasPrefill(all.Blocks).Should().BeFalse();
            var attend = () => all.Attend(PrefillComparison.Kernel(bed, true), [0], [9]);
            attend.Should().Throw<ArgumentException>().WithMessage($"there is no kernel for prefill with heads of {size} and keys and values of {cache}*");
        }
    }

    [SkippableFact]
    public void PrepareAttention_Blocks_NoSourceIsLeftForTheFirstRequest()
    {
        Skip.If(libraries.IsReal, "the sources are counted without being compiled");
        using var bed = CudaTestBed.Open(libraries);
        var compiled = new System.Collections.Concurrent.ConcurrentBag<string>();
        using var kernels = new KernelLibrary(bed.Device, source =>
        {
            compiled.Add(source);
            return libraries.Nvrtc.Compile(KernelSource.Read(source), new CudaArchitecture("sm_90a")).Image;
        });
        new KernelLauncher(kernels, bed.Stream).PrepareAttention(128, DType.BFloat16);
        compiled.Should().BeEquivalentTo("attention_general.cu", "attention_combine.cu", "attention_decode_bf16_128.cu", "attention_wgmma_bf16_128.cu");
        new KernelLauncher(kernels, bed.Stream).PrepareAttention(96, DType.Int8);
        compiled.Should().HaveCount(6).And.Contain(["attention_decode_i8_96.cu", "attention_prefill_i8_96.cu"]);
    }

    [SkippableFact]
    public void PrepareAttention_WarpgroupsDoNotCompile_TheGeneralKernelTakesTheirPlace()
    {
        Skip.If(libraries.IsReal, "the fake's compiler is told to fail");
        using var bed = CudaTestBed.Open(libraries);
        using var kernels = new KernelLibrary(bed.Device, source => source.StartsWith("attention_wgmma", StringComparison.Ordinal)
            ? throw new KernelCompilationException(source, "no such instruction", "")
            : libraries.Nvrtc.Compile(KernelSource.Read(source), new CudaArchitecture("sm_90a")).Image);
        var launcher = new KernelLauncher(kernels, bed.Stream);
        launcher.UsesWarpgroups.Should().BeTrue("the fake is of compute capability 9.0");
        launcher.PrepareAttention(64, DType.BFloat16);
        launcher.UsesWarpgroups.Should().BeFalse();
        using var random = new RandomTensors(6);
        using var all = new AttentionCase(bed, random, new AttentionShape(1, 1, 64, 16, DType.BFloat16), 9);
        AttentionCase.Kernel kernel = (in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output) =>
            launcher.PrefillAttention(queries, blocks, sequences, options, output);
        all.Attend(kernel, [0], [9]).Should().NotContain(float.NaN);
    }

    /// <summary>The fake is a Hopper; of real devices some are.</summary>
    private CudaTestBed Open(bool warpgroups)
    {
        var bed = CudaTestBed.Open(libraries);
        if (warpgroups && !bed.Launcher.UsesWarpgroups)
        {
            bed.Dispose();
            Skip.If(true, "products of warpgroups need compute capability 9.0");
        }

        return bed;
    }
}
