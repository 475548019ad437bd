using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Products;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Products;

[Collection(CudaCollection.Name)]
public sealed class MatrixProductsTests(CudaLibraries libraries)
{
    [SkippableTheory]
    [InlineData(DType.Float32, DType.Float32)]
    [InlineData(DType.BFloat16, DType.Float32)]
    [InlineData(DType.BFloat16, DType.BFloat16)]
    [InlineData(DType.Float16, DType.Float32)]
    [InlineData(DType.Float16, DType.Float16)]
    public void Multiply_RandomShapes_WhatTheCpuComputes(DType dtype, DType outputs)
    {
        using var bed = CudaTestBed.Open(libraries);
        using var products = new MatrixProducts(libraries.CublasLt, bed.Device, bed.Stream);
        using var cpu = new CpuBackend(1);
        for (var seed = 1; seed <= 6; seed++)
        {
            using var random = new RandomTensors(seed);
            int m = random.Next(1, 9), n = 8 * random.Next(1, 9), k = 8 * random.Next(1, 20);
            Tensor x = RandomTensors.Rounded(random.Floats(m, k), dtype), weight = RandomTensors.Rounded(random.Floats(n, k), dtype), bias = RandomTensors.Rounded(random.Vector(n), outputs);
            var withBias = seed % 2 == 0;
            using var packed = cpu.CreateLinear([weight], withBias ? [bias] : [], DType.Float32);
            var expected = random.Empty(new TensorShape(m, n));
            cpu.Linear(x, packed, expected);
            var output = bed.Empty(new TensorShape(m, n + 8), outputs).Columns(8, n);
            products.Multiply(bed.Upload(x, dtype, strided: seed % 3 == 0), bed.Upload(weight, dtype), withBias ? bed.Upload(random.Of(bias.ToFloat32(), bias.Shape, outputs)) : null, output);
            var actual = bed.Read(output);
            for (var i = 0; i < actual.Length; i++)
            {
                var value = expected.AsSpan<float>()[i];
                var tolerance = outputs switch { DType.Float32 => 2e-5f, DType.BFloat16 => Math.Max(1, Math.Abs(value)) / 256, _ => Math.Max(1, Math.Abs(value)) / 2048 };
                actual[i].Should().BeApproximately(value, tolerance * 1.01f, $"element {i} of [{m}, {n}] over {k} of {dtype}");
            }
        }
    }

    [SkippableFact]
    public void Multiply_SameShapeAgain_AsksAndAllocatesNothing()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var products = new MatrixProducts(libraries.CublasLt, bed.Device, bed.Stream);
        Tensor x = bed.Empty(new TensorShape(4, 16)), weight = bed.Empty(new TensorShape(8, 16)), output = bed.Empty(new TensorShape(4, 8));
        Multiply();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Multiply();
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
        products.PlanCount.Should().Be(1);
        products.Multiply(x.Rows(0, 3), weight, null, output.Rows(0, 3));
        products.Multiply(x.Rows(0, 0), weight, null, output.Rows(0, 0));
        products.PlanCount.Should().Be(2);
        bed.Stream.Synchronize();

        void Multiply() => products.Multiply(x, weight, null, output);
    }

    [SkippableTheory]
    [InlineData("cublasLtMatmulAlgoGetHeuristic", 15, "computing [4, 8] = [4, 16] · [8, 16]ᵀ of Float32 in Float32: cublasLtMatmulAlgoGetHeuristic failed with 15 CUBLAS_STATUS_NOT_SUPPORTED")]
    [InlineData("cublasLtMatmul", 13, "computing [4, 8]*: cublasLtMatmul failed with 13 CUBLAS_STATUS_EXECUTION_FAILED")]
    public void Multiply_CallFails_SaysWhatWasComputed(string call, int status, string message)
    {
        Skip.If(libraries.IsReal, "errors are planned on the fake only");
        using var bed = CudaTestBed.Open(libraries);
        using var products = new MatrixProducts(libraries.CublasLt, bed.Device, bed.Stream);
        Tensor x = bed.Empty(new TensorShape(4, 16)), weight = bed.Empty(new TensorShape(8, 16)), output = bed.Empty(new TensorShape(4, 8));
        libraries.Fake!.Fail(call, 1, status);
        var multiply = () => products.Multiply(x, weight, null, output);
        multiply.Should().Throw<CublasException>().WithMessage(message).Which.Status.Should().Be(status);
        multiply.Should().NotThrow("what failed once is tried again");
    }

    [SkippableFact]
    public void Create_LibraryCannotUseTheDevice_SaysSoAndHoldsNothing()
    {
        Skip.If(libraries.IsReal, "errors are planned on the fake only");
        using var bed = CudaTestBed.Open(libraries);
        var live = libraries.Fake!.Live;
        libraries.Fake.Fail("cublasLtCreate", 1, 1);
        var create = () => new MatrixProducts(libraries.CublasLt, bed.Device, bed.Stream);
        create.Should().Throw<CublasException>().WithMessage("starting cuBLASLt: cublasLtCreate failed with 1 CUBLAS_STATUS_NOT_INITIALIZED*");
        libraries.Fake.Live.Should().Be(live);
    }

    [SkippableFact]
    public void Multiply_WrongShapes_AreRefused()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var products = new MatrixProducts(libraries.CublasLt, bed.Device, bed.Stream);
        Tensor x = bed.Empty(new TensorShape(4, 16)), weight = bed.Empty(new TensorShape(8, 16)), output = bed.Empty(new TensorShape(4, 8)), half = bed.Empty(new TensorShape(4, 16), DType.BFloat16);
        var wrong = new Action[]
        {
            () => products.Multiply(half, weight, null, output),
            () => products.Multiply(x, weight, null, bed.Empty(new TensorShape(4, 8), DType.BFloat16)),
            () => products.Multiply(x, weight, bed.Empty(new TensorShape(8), DType.BFloat16), output),
            () => products.Multiply(x.Columns(0, 8), weight, null, output),
            () => products.Multiply(x, weight.Columns(0, 8), null, output),
            () => products.Multiply(x, weight, bed.Empty(new TensorShape(7)), output),
            () => products.Multiply(x, weight, null, bed.Empty(new TensorShape(4, 9))),
        };
        foreach (var multiply in wrong)
        {
            multiply.Should().Throw<ArgumentException>();
        }
    }
}
