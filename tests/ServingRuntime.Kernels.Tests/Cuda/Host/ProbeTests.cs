namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Host;

/// <summary>The shim's asynchronous copies, ldmatrix and mma, which attention and products will stand on: a kernel of the tests' own, right and with planted bugs.</summary>
[Collection(CudaCollection.Name)]
public sealed class ProbeTests(CudaLibraries libraries)
{
    private const int Tiles = 2 * 768;

    /// <summary>What is wrong, what stands there, what is put there.</summary>
    public static TheoryData<string, string, string> Bugs => new()
    {
        { "a wait that is too weak", "copy_wait<1>();", "copy_wait<2>();" },
        { "no barrier behind the wait", "copy_wait<1>();\n        sync();", "copy_wait<1>();" },
        { "no barrier before a stage is filled again", "d, x, y[0], y[1]);\n        sync();", "d, x, y[0], y[1]);" },
        { "a group that is never committed", "    copy_commit();\n", "    if (k == 0) { copy_commit(); }\n" },
        { "rows past the end are not zeroed", "inside ? from : a, inside);", "inside ? from : a, true);" },
        { "halves of a row exchanged", "lane / 16 * 16", "(1 - lane / 16) * 16" },
        { "an address that is not aligned", "lane / 8 % 2 * 16", "lane / 8 % 2 * 8" },
        { "a barrier that one warp leaves out", "        u8* tile = tiles", "        if (thread() < WARP) { sync(); }\n        u8* tile = tiles" },
        { "a collective of half a warp", "multiply_matrices(d, x", "if (lane < 16) multiply_matrices(d, x" },
    };

    [SkippableFact]
    public void Product_RandomMatrices_WhatItShouldBe()
    {
        using var bed = CudaTestBed.Open(libraries);
        Skip.If(libraries.IsReal, "the probe is of the tests alone");
        for (var seed = 1; seed <= 6; seed++)
        {
            Compare(bed, seed);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Bugs))]
    public void Product_WithAPlantedBug_IsFound(string bug, string right, string wrong) =>
        PlantedBug.ShouldBeFound(libraries, bug, "probe.cu", right, wrong, "probe.cu", rounds: 6, Compare);

    private static void Compare(CudaTestBed bed, int seed)
    {
        using var random = new RandomTensors(seed);
        var depth = 8 * random.Next(2, 11);
        Tensor a = random.Floats(16, depth), b = random.Floats(8, depth), c = bed.Empty(new TensorShape(16, 8));
        foreach (var tensor in (Tensor[])[a, b])
        {
            foreach (ref var value in tensor.AsSpan<float>())
            {
                value = MathF.Round(value * 64) / 64;
            }
        }

        bed.Kernel("probe.cu", "octavo_probe_product").Launch(bed.Stream, new(1), 64, [bed.Upload(a, DType.BFloat16), bed.Upload(b, DType.BFloat16), c, depth], Tiles);
        var actual = bed.Read(c);
        for (var i = 0; i < actual.Length; i++)
        {
            actual[i].Should().Be(System.Numerics.Tensors.TensorPrimitives.Dot<float>(a.Row<float>(i / 8), b.Row<float>(i % 8)), "the factors are whole multiples of 1/64, so it is exact");
        }
    }
}
