namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Launch;

/// <summary>Every kernel beside the CPU's backend, on the host shim or (OCTAVO_TEST_GPU=1) on a GPU.</summary>
[Collection(CudaCollection.Name)]
public sealed class KernelLauncherTests(CudaLibraries libraries)
{
    private const int Rounds = 4;

    public static TheoryData<DType> Activations => new(DType.Float32, DType.BFloat16, DType.Float16);

    [SkippableTheory]
    [MemberData(nameof(Activations))]
    public void RmsNorm_RandomShapes_WhatTheCpuComputes(DType dtype) => Compare(comparison => comparison.RmsNorm(dtype), 3 * Rounds);

    [SkippableTheory]
    [MemberData(nameof(Activations))]
    public void HeadRmsNorm_RandomShapes_WhatTheCpuComputes(DType dtype) => Compare(comparison => comparison.HeadRmsNorm(dtype));

    [SkippableTheory]
    [MemberData(nameof(Activations))]
    public void RotaryEmbedding_RandomShapes_WhatTheCpuComputes(DType dtype) => Compare(comparison => comparison.RotaryEmbedding(dtype));

    [SkippableTheory]
    [MemberData(nameof(Activations))]
    public void ActivationMul_EveryGate_WhatTheCpuComputes(DType dtype)
    {
        foreach (var gate in Enum.GetValues<GatedActivation>())
        {
            Compare(comparison => comparison.ActivationMul(dtype, gate));
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Activations))]
    public void Elementwise_RandomShapes_WhatTheCpuComputes(DType dtype) => Compare(comparison => comparison.Elementwise(dtype));

    [SkippableTheory]
    [MemberData(nameof(Activations))]
    public void Embedding_EveryTable_WhatTheCpuComputes(DType table) => Compare(comparison => comparison.Embedding(table), 2);

    [SkippableTheory]
    [MemberData(nameof(Activations))]
    public void GatherAndScatter_RandomShapes_WhatTheCpuComputes(DType dtype) => Compare(comparison => comparison.GatherAndScatter(dtype));

    [SkippableFact]
    public void Vocabulary_RandomShapes_WhatTheCpuComputes() => Compare(comparison => comparison.Vocabulary());

    [SkippableFact]
    public void SwapBlocks_OutAndIn_BitForBit() => Compare(comparison => comparison.Swap());

    [SkippableFact]
    public void TopExperts_RandomShapes_WhatTheCpuComputes() => Compare(comparison => comparison.TopExperts());

    [SkippableFact]
    public void ArgMax_RowWithNaN_MinusOneAndNoOtherRow()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var random = new RandomTensors(1);
        var logits = random.Floats(3, 5000);
        logits.Row<float>(1)[4321] = float.NaN;
        logits.Row<float>(0).Clear();
        logits.Row<float>(0)[17] = -0f;
        logits.Row<float>(2)[77] = float.PositiveInfinity;
        var tokens = bed.Empty(new TensorShape(3), DType.Int32);
        bed.Launcher.ArgMax(bed.Upload(logits), tokens, bed.Empty(new TensorShape(64)).Memory);
        bed.ReadInts(tokens).Should().Equal([0, -1, 77], "zeros of both signs are equal, and the lowest index wins");
    }

    [SkippableFact]
    public void Embedding_IdOutsideOfTheTable_NaNInItsRowAlone()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var random = new RandomTensors(1);
        var output = bed.Empty(new TensorShape(3, 8));
        bed.Launcher.Embedding(bed.Upload(random.Floats(4, 8)), bed.Upload(random.Ints(1, 4, 0)), output);
        bed.Read(output).Select(float.IsNaN).Should().Equal(Enumerable.Range(0, 24).Select(i => i is >= 8 and < 16));
    }

    [SkippableFact]
    public void Kernels_WrongArguments_AreRefusedBeforeTheDevice()
    {
        using var bed = CudaTestBed.Open(libraries);
        Tensor x = bed.Empty(new TensorShape(2, 8)), narrow = bed.Empty(new TensorShape(2, 7)), half = bed.Empty(new TensorShape(2, 8), DType.Float16), other = bed.Empty(new TensorShape(2, 8), DType.BFloat16);
        var weight = bed.Empty(new TensorShape(8));
        var launches = new Action[]
        {
            () => bed.Launcher.RmsNorm(x, weight, 1e-5f, narrow),
            () => bed.Launcher.RmsNorm(half, weight, 1e-5f, x),
            () => bed.Launcher.AddRmsNorm(half, half, weight, 1e-5f, half),
            () => bed.Launcher.AddRmsNorm(x, x, weight, 1e-5f, half),
            () => bed.Launcher.Copy(half, other),
            () => bed.Launcher.ScatterAddRows(half, bed.Empty(new TensorShape(2), DType.Int32), weight, half),
            () => bed.Launcher.Scale(bed.Empty(new TensorShape(2, 8), DType.Int8), 2),
            () => bed.Launcher.RmsNorm(x, bed.Empty(new TensorShape(7)), 1e-5f, x),
            () => bed.Launcher.HeadRmsNorm(x, 3, weight, 1e-5f),
            () => bed.Launcher.Copy(x, narrow),
            () => bed.Launcher.ArgMax(x, bed.Empty(new TensorShape(2), DType.Int32), bed.Empty(new TensorShape(1)).Memory),
        };
        foreach (var launch in launches)
        {
            launch.Should().Throw<ArgumentException>();
        }
    }

    /// <summary>The same row by itself and among others: the same bits, as the CPU's contract has it.</summary>
    [SkippableFact]
    public void RmsNorm_RowAloneOrAmongOthers_SameBits()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var random = new RandomTensors(5);
        var x = bed.Upload(random.Floats(6, 1536));
        var weight = bed.Upload(random.Vector(1536));
        Tensor together = bed.Empty(x.Shape), alone = bed.Empty(x.Shape);
        bed.Launcher.RmsNorm(x, weight, 1e-5f, together);
        for (var row = 0; row < 6; row++)
        {
            bed.Launcher.RmsNorm(x.Rows(row, 1), weight, 1e-5f, alone.Rows(row, 1));
        }

        bed.ReadInts(together).ShouldBeSameBits(bed.ReadInts(alone));
    }

    private void Compare(Action<KernelComparison> compare, int rounds = Rounds)
    {
        using var bed = CudaTestBed.Open(libraries);
        for (var seed = 1; seed <= rounds; seed++)
        {
            using var comparison = new KernelComparison(bed, seed);
            compare(comparison);
        }
    }
}
