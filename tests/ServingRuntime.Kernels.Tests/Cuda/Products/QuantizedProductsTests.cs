using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;
using Octavo.ServingRuntime.Kernels.Cuda.Products;
using Octavo.ServingRuntime.Kernels.Tests.Cpu;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Products;

/// <summary>Every kernel of packed weights beside the plain reference, on the host shim or (OCTAVO_TEST_GPU=1) on a GPU.</summary>
[Collection(CudaCollection.Name)]
public sealed class QuantizedProductsTests(CudaLibraries libraries)
{
    /// <summary>What is wrong, file, what stands there, what is put there, rows that show it.</summary>
    public static TheoryData<string, string, string, string, int> Bugs => new()
    {
        { "a batch that comes twice", "quantized.cuh", "fetch(i / BATCH, i + 1 + BATCH, ", "fetch(i / BATCH, i + 1, ", 3 },
        { "every warp begins with the first group's parameters", "quantized.cuh", "at, 2 * begin / shape.group_steps, shape", "at, 0, shape", 3 },
        { "a group of the wrong length at a warp's beginning", "quantized.cuh", "int left = shape.group_steps - 2 * begin % shape.group_steps;", "int left = shape.group_steps;", 3 },
        { "activations of the quad before", "quantized.cuh", "{ load(2 + step); }", "{ load(step); }", 3 },
        { "no barrier before the warps' parts are added", "quantized.cuh", "    }\n    sync();\n    for (int i = thread()", "    }\n    for (int i = thread()", 3 },
        { "the number's constant stays in the sum", "fragments.cuh", "multiply_exact(-add_exact(bias, float_of_half((u16)(words.x", "multiply_exact(-add_exact(-bias, float_of_half((u16)(words.x", 3 },
        { "a wait that is too weak", "tiles.cuh", "copy_wait<DEPTH - 2>();", "copy_wait<DEPTH - 1>();", 20 },
        { "parameters of the group that ends with the other step", "tiles.cuh", "step * Parameters::FLOATS, shape.pitch", "(1 - step) * Parameters::FLOATS, shape.pitch", 20 },
        { "no barrier before a stage is filled again", "tiles.cuh", "        sync();  // the copies", "        warp_sync();  // the copies", 20 },
        { "sums of another group", "tiles.cuh", "sums.data + group++ * sums.rows", "sums.data + group * sums.rows", 20 },
        { "another order of inputs for the two operands", "tiles.cuh", "step * 4 + lane % 4;", "step * 4 + (lane ^ 1) % 4;", 20 },
    };

    [SkippableTheory]
    [InlineData(4, DType.BFloat16)]
    [InlineData(8, DType.BFloat16)]
    [InlineData(4, DType.Float16)]
    [InlineData(8, DType.Float16)]
    [InlineData(4, DType.Float32)]
    [InlineData(8, DType.Float32)]
    public void Multiply_RandomShapes_WhatTheReferenceComputes(int bits, DType computed)
    {
        using var bed = CudaTestBed.Open(libraries);
        int[] rows = [1, 2, 8, 11, 16, 17, 40, 70, 1, 5, 23, 7];
        for (var i = 0; i < rows.Length; i++)
        {
            using var comparison = new QuantizedComparison(bed, i + bits);
            comparison.Multiply(bits, computed, rows[i]);
        }
    }

    [SkippableTheory]
    [InlineData(DType.Float32)]
    [InlineData(DType.BFloat16)]
    public void Multiply_ManyRows_WidenedForCublas(DType output)
    {
        using var bed = CudaTestBed.Open(libraries);
        using var random = new RandomTensors(9);
        using var cpu = new CpuBackend(1);
        using var team = new ThreadTeam(1);
        using var copies = new StagedCopies(bed.Device.Context, bed.Stream, 4096);
        using var dense = new MatrixProducts(libraries.CublasLt, bed.Device, bed.Stream);
        using var products = new QuantizedProducts(bed.Launcher, dense, bed.Device);
        QuantizedMatrix[] parts = [RandomQuantizedMatrix.Create(random, 96, 8, 4, 48, random.Permutation(96)), RandomQuantizedMatrix.Create(random, 96, 8, 4, 48)];
        parts[1] = parts[1] with { InputOrder = parts[0].InputOrder };
        Tensor[] biases = [random.Vector(8), random.Vector(8)];
        using LinearWeight expectedWeight = cpu.CreateQuantizedLinear(parts, biases, DType.Float32);
        using var weight = QuantizedWeight.Upload(bed.Device, copies, parts, biases, DType.BFloat16, team);
        Tensor x = random.Floats(260, 96), expected = random.Empty(new TensorShape(260, 16)), actual = bed.Empty(expected.Shape, output);
        cpu.Linear(x, expectedWeight, expected);
        products.Multiply(bed.Upload(x), weight, actual);
        dense.PlanCount.Should().Be(1, "that is what multiplied");
        foreach (var (got, right) in bed.Read(actual).Zip(expected.AsSpan<float>().ToArray()))
        {
            got.Should().BeApproximately(right, 0.06f, "weights and activations are rounded to bfloat16");
        }
    }

    [SkippableFact]
    public void Slices_OfAnyShape_AreWholeGroupsAndCoverAll()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var random = new RandomTensors(3);
        using var team = new ThreadTeam(1);
        using var copies = new StagedCopies(bed.Device.Context, bed.Stream, 4096);
        foreach (var (inputs, group) in ((int, int)[])[(64, 64), (2048, 128), (1024, 32), (1024, 96), (1000, 1000), (2050, 10)])
        {
            using var weight = QuantizedWeight.Upload(bed.Device, copies, [RandomQuantizedMatrix.Create(random, inputs, 16, 4, group)], [], DType.BFloat16, team);
            var (slices, quads) = QuantizedProducts.Slices(weight);
            (2 * quads % weight.Layout.GroupSteps).Should().Be(0, $"{inputs} in groups of {group}");
            (slices * quads).Should().BeGreaterThanOrEqualTo(weight.Layout.Quads);
            ((slices - 1) * quads).Should().BeLessThan(weight.Layout.Quads);
        }
    }

    [SkippableFact]
    public void Multiply_RowAloneOrAmongSeven_SameBits()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var random = new RandomTensors(5);
        using var team = new ThreadTeam(1);
        using var copies = new StagedCopies(bed.Device.Context, bed.Stream, 4096);
        using var weight = QuantizedWeight.Upload(bed.Device, copies, [RandomQuantizedMatrix.Create(random, 640, 48, 4, 64)], [], DType.BFloat16, team);
        var x = bed.Upload(random.Floats(7, 640), DType.BFloat16);
        Tensor together = bed.Empty(new TensorShape(7, 48)), alone = bed.Empty(new TensorShape(7, 48));
        bed.Launcher.QuantizedRows(x, weight, together);
        for (var row = 0; row < 7; row++)
        {
            bed.Launcher.QuantizedRows(x.Rows(row, 1), weight, alone.Rows(row, 1));
        }

        bed.ReadInts(together).ShouldBeSameBits(bed.ReadInts(alone));
    }

    [SkippableTheory]
    [MemberData(nameof(Bugs))]
    public void Comparison_WithAPlantedBug_FindsIt(string bug, string file, string right, string wrong, int rows) =>
        PlantedBug.ShouldBeFound(libraries, bug, file, right, wrong, "quantized_4_bf16.cu", rounds: 12, (bed, seed) =>
        {
            using var comparison = new QuantizedComparison(bed, seed);
            comparison.Multiply(4, DType.BFloat16, rows);
        });
}
