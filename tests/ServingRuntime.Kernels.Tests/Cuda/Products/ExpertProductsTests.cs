using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;
using Octavo.ServingRuntime.Kernels.Cuda.Products;
using Octavo.ServingRuntime.Kernels.Tests.Cpu;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Products;

/// <summary>Mixtures of experts beside the plain reference, on the host shim or (OCTAVO_TEST_GPU=1) on a GPU.</summary>
[Collection(CudaCollection.Name)]
public sealed class ExpertProductsTests(CudaLibraries libraries)
{
    /// <summary>What is wrong, file, the source that sees it, what stands there, what is put there.</summary>
    public static TheoryData<string, string, string, string, string> Bugs => new()
    {
        { "every tile of an expert begins with its first choice", "experts.cu", "experts.cu", "+ 1] = i * rows;", "+ 1] = 0;" },
        { "no tile for what does not fill one", "experts.cu", "experts.cu", "(counts[thread()] + rows - 1) / rows", "counts[thread()] / rows" },
        { "no barrier before the order is read", "experts.cu", "experts.cu", "= weights[first + thread()];\n    }\n    sync();", "= weights[first + thread()];\n    }" },
        { "the share of another choice", "experts.cu", "experts.cu", "= weights[first + thread()];", "= weights[first];" },
        { "a choice reads another token's row", "tiles.cuh", "experts_bf16.cu", "row / choices.divisor", "row % choices.divisor" },
    };

    [SkippableTheory]
    [InlineData(0, DType.BFloat16)]
    [InlineData(0, DType.Float16)]
    [InlineData(0, DType.Float32)]
    [InlineData(4, DType.BFloat16)]
    [InlineData(8, DType.Float16)]
    [InlineData(4, DType.Float32)]
    public void Compute_RandomShapes_WhatTheReferenceComputes(int bits, DType computed)
    {
        using var bed = CudaTestBed.Open(libraries);
        for (var seed = 1; seed <= 6; seed++)
        {
            using var comparison = new ExpertComparison(bed, seed + bits);
            comparison.Compute(bits, computed, many: seed == 3);
        }
    }

    [SkippableFact]
    public void Create_ExpertsThatDiffer_Nothing()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var random = new RandomTensors(1);
        using var team = new ThreadTeam(1);
        using var copies = new StagedCopies(bed.Device.Context, bed.Stream, 4096);
        using LinearWeight dense = DenseWeight.Upload(bed.Device, copies, [random.Floats(16, 32)], [], DType.BFloat16), odd = DenseWeight.Upload(bed.Device, copies, [random.Floats(16, 30)], [], DType.BFloat16);
        using LinearWeight four = QuantizedWeight.Upload(bed.Device, copies, [RandomQuantizedMatrix.Create(random, 32, 16, 4, 32)], [], DType.BFloat16, team);
        using LinearWeight eight = QuantizedWeight.Upload(bed.Device, copies, [RandomQuantizedMatrix.Create(random, 32, 16, 8, 32)], [], DType.BFloat16, team);
        foreach (var weights in (LinearWeight[][])[[dense, four], [four, eight], [odd, odd]])
        {
            ExpertMatrix.Create(bed.Device, copies, weights).Should().BeNull();
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Bugs))]
    public void Comparison_WithAPlantedBug_FindsIt(string bug, string file, string source, string right, string wrong) =>
        PlantedBug.ShouldBeFound(libraries, bug, file, right, wrong, source, rounds: 8, (bed, seed) =>
        {
            using var comparison = new ExpertComparison(bed, seed);
            comparison.Compute(0, DType.BFloat16, many: seed > 4);
        });
}
