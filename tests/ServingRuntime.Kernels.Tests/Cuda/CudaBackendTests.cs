using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda;
using Octavo.ServingRuntime.Kernels.Cuda.Native;
using Octavo.TestSupport.Cuda;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda;

/// <summary>The backend as the engine would see it, from finding libraries on; kernels by themselves are tested in Launch.</summary>
[Collection(CudaCollection.Name)]
public sealed class CudaBackendTests(CudaLibraries libraries) : IDisposable
{
    private readonly string cache = Directory.CreateTempSubdirectory("octavo-kernels").FullName;
    private readonly RandomTensors random = new(11);
    private readonly CpuBackend cpu = new(1);

    public void Dispose()
    {
        cpu.Dispose();
        random.Dispose();
        Directory.Delete(cache, recursive: true);
    }

    [SkippableTheory]
    [InlineData(DType.Float32, DType.Float32)]
    [InlineData(DType.Float16, DType.Float32)]
    [InlineData(DType.BFloat16, DType.BFloat16)]
    [InlineData(DType.Float32, DType.BFloat16)]
    [InlineData(DType.BFloat16, DType.Float16)]
    public void Linear_StackedMatricesWithBiases_WhatTheCpuComputes(DType stored, DType dtype)
    {
        using var backend = Open();
        Tensor x = random.Floats(5, 48), first = random.Of(random.Values(16 * 48), new TensorShape(16, 48), stored), second = random.Of(random.Values(8 * 48), new TensorShape(8, 48), stored);
        Tensor[] biases = [random.Vector(16), random.Vector(8)];
        using LinearWeight expectedWeight = cpu.CreateLinear([first, second], biases, DType.Float32), weight = backend.CreateLinear([first, second], biases, dtype);
        (weight.InFeatures, weight.OutFeatures, weight.Bytes).Should().Be((48, 24, (24 * 48 * dtype.Size()) + (24 * (dtype == DType.Float32 ? 4 : 6))));
        var expected = random.Empty(new TensorShape(5, 24));
        cpu.Linear(x, expectedWeight, expected);
        var output = backend.Allocate(expected.Shape, DType.Float32);
        backend.ActivationType(dtype).Should().Be(dtype);
        var input = OnDevice(backend, x, dtype);
        Tensor wide = OnDevice(backend, x), narrow = backend.Allocate(expected.Shape, dtype);
        backend.Linear(wide, weight, output);
        Close(backend, output, expected, dtype == DType.Float32 ? 2e-5f : 0.05f);
        backend.Linear(input, weight, narrow);
        backend.Copy(narrow, output);
        Close(backend, output, expected, dtype == DType.Float32 ? 2e-5f : 0.05f);
        backend.Linear(input, weight, output);
        backend.Linear(input.Rows(0, 0), weight, output.Rows(0, 0));
        Close(backend, output, expected, dtype == DType.Float32 ? 2e-5f : 0.05f);

        Tensor gated = backend.Allocate(new TensorShape(5, 12), dtype), gatedWide = backend.Allocate(gated.Shape, DType.Float32);
        var expectedGate = random.Empty(gated.Shape);
        cpu.ActivationMul(GatedActivation.Silu, expected, expectedGate);
        backend.GatedLinear(input, weight, GatedActivation.Silu, gated);
        backend.Copy(gated, gatedWide);
        Close(backend, gatedWide, expectedGate, dtype == DType.Float32 ? 2e-4f : 0.3f);
        foreach (var tensor in (Tensor[])[output, input, wide, narrow, gated, gatedWide])
        {
            tensor.Memory.Dispose();
        }
    }

    [SkippableFact]
    public void Operations_OfASteadyStep_AllocateNothing()
    {
        using var backend = Open();
        using var weight = backend.CreateLinear([random.Floats(32, 64)], [], DType.BFloat16);
        Tensor x = OnDevice(backend, random.Floats(2, 64), DType.BFloat16), norm = backend.Allocate(new TensorShape(64), DType.Float32), gated = backend.Allocate(new TensorShape(2, 16), DType.BFloat16);
        Tensor logits = backend.Allocate(new TensorShape(2, 32), DType.Float32), tokens = backend.Allocate(new TensorShape(2), DType.Int32);
        var host = new int[2];
        Step();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Step();
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
        foreach (var tensor in (Tensor[])[x, norm, gated, logits, tokens])
        {
            tensor.Memory.Dispose();
        }

        void Step()
        {
            backend.CopyToDevice<int>(host, tokens);
            backend.RmsNorm(x, norm, 1e-5f, x);
            backend.GatedLinear(x, weight, GatedActivation.Silu, gated);
            backend.Linear(x, weight, logits);
            backend.ArgMax(logits, tokens);
            backend.CopyToHost<int>(tokens, host);
        }
    }

    /// <summary>A model is loaded by one thread and run by another.</summary>
    [SkippableFact]
    public void Operations_OnAnotherThreadThanTheOneThatOpened_Work()
    {
        using var backend = Open();
        using var weight = backend.CreateLinear([random.Floats(16, 32)], [], DType.BFloat16);
        Exception? failure = null;
        var thread = new Thread(() => failure = Record.Exception(() =>
        {
            var x = backend.Allocate(new TensorShape(3, 32), DType.Float32);
            var output = backend.Allocate(new TensorShape(3, 16), DType.Float32);
            backend.Fill(x, 1);
            backend.Linear(x, weight, output);
            backend.CopyToHost<float>(output, new float[48]);
            x.Memory.Dispose();
            output.Memory.Dispose();
        }));
        thread.Start();
        thread.Join(TimeSpan.FromMinutes(1)).Should().BeTrue();
        failure.Should().BeNull();
        var here = backend.Allocate(new TensorShape(1, 1), DType.Float32);
        here.Memory.Dispose();
    }

    [SkippableFact]
    public void RunOnHost_CopiesFromSeveralThreads_EachGetsItsOwn()
    {
        using var backend = Open(hostThreads: 3);
        var tensor = OnDevice(backend, random.Floats(12, 700));
        var expected = new float[12 * 700];
        backend.CopyToHost<float>(tensor, expected);
        var rows = new float[12][];
        backend.RunOnHost(
            (part, _) =>
            {
                rows[part] = new float[700];
                backend.CopyToHost<float>(tensor.Rows(part, 1), rows[part]);
            },
            12);
        rows.SelectMany(row => row).Should().Equal(expected);
        tensor.Memory.Dispose();
    }

    [SkippableFact]
    public void Copy_WrongTypeOrSize_IsRefused()
    {
        using var backend = Open();
        var tensor = backend.Allocate(new TensorShape(2, 4), DType.Float32);
        var copies = new Action[]
        {
            () => backend.CopyToDevice<ushort>(new ushort[8], tensor),
            () => backend.CopyToDevice<float>(new float[9], tensor),
            () => backend.CopyToHost<float>(tensor, new float[7]),
            () => backend.CopyToHost<float>(tensor.Columns(0, 2), new float[8]),
        };
        foreach (var copy in copies)
        {
            copy.Should().Throw<ArgumentException>();
        }

        tensor.Memory.Dispose();
    }

    [SkippableFact]
    public void AllocateKeyValueBlocks_NoRoomForTheScales_NothingIsHeldAndTheFlagIsNamed()
    {
        var fake = Fake();
        using var backend = Open(reset: false);
        using (backend.AllocateKeyValueBlocks(4, 1, 64, 16, DType.Float8E4M3))
        {
            // Now the kernels for such heads are loaded.
        }

        var live = fake.Live;
        fake.Fail("cuMemAlloc_v2", 3, 2);
        var allocate = () => backend.AllocateKeyValueBlocks(4, 1, 64, 16, DType.Float8E4M3);
        allocate.Should().Throw<CudaOutOfMemoryException>().WithMessage("no memory for the KV cache*--max-model-len*");
        fake.Live.Should().Be(live);
    }

    [SkippableFact]
    public void Operation_DeviceFails_LossSaysWhy()
    {
        var fake = Fake();
        using var backend = Open(reset: false);
        var tensor = backend.Allocate(new TensorShape(2, 4), DType.Float32);
        fake.Fail("cuEventSynchronize", 1, 700);
        var read = () => backend.CopyToHost<float>(tensor, new float[8]);
        read.Should().Throw<CudaException>().Which.Code.Should().Be(700);
        backend.Loss!.Name.Should().Be("CUDA_ERROR_ILLEGAL_ADDRESS");
        read.Should().Throw<CudaException>("nothing works any more");
    }

    /// <summary>A driver may call an empty stream done whatever became of its device.</summary>
    [SkippableFact]
    public void CheckDevice_NothingWasAskedOfIt_AsksForSomething()
    {
        var fake = Fake();
        using var backend = Open(reset: false);
        backend.CheckDevice();
        fake.Fail("cuMemsetD8Async", 1, 999);
        var check = backend.CheckDevice;
        check.Should().Throw<CudaException>().WithMessage("*nvidia-smi*");
        backend.Loss!.Code.Should().Be(999);
    }

    private static Func<string, string?> Environment(string folder) => name => name == CudaLibrarySearch.Variable ? folder : null;

    private FakeDriver Fake()
    {
        Skip.If(libraries.IsReal, "errors are planned on the fake driver only");
        Skip.If(libraries.WhyNot is not null, libraries.WhyNot);
        libraries.Fake!.Reset();
        return libraries.Fake;
    }

    private CudaBackend Open(int hostThreads = 1, bool reset = true)
    {
        Skip.If(libraries.WhyNot is not null, libraries.WhyNot);
        if (libraries.IsReal)
        {
            return CudaBackend.Open(new CudaBackendOptions(HostThreads: hostThreads), System.Environment.GetEnvironmentVariable, NullLogger.Instance);
        }

        if (reset)
        {
            libraries.Fake!.Reset();
        }

        return CudaBackend.Open(new CudaBackendOptions(HostThreads: hostThreads, CacheFolder: cache), Environment(HostBuild.Build()), NullLogger.Instance);
    }

    private static Tensor OnDevice(CudaBackend backend, Tensor host, DType dtype = DType.Float32)
    {
        var tensor = backend.Allocate(host.Shape, DType.Float32);
        backend.CopyToDevice<float>(host.AsSpan<float>(), tensor);
        if (dtype == DType.Float32)
        {
            return tensor;
        }

        var narrow = backend.Allocate(host.Shape, dtype);
        backend.Copy(tensor, narrow);
        tensor.Memory.Dispose();
        return narrow;
    }

    private static void Close(CudaBackend backend, Tensor actual, Tensor expected, float tolerance)
    {
        var values = new float[expected.Shape.ElementCount];
        backend.CopyToHost<float>(actual, values);
        for (var i = 0; i < values.Length; i++)
        {
            values[i].Should().BeApproximately(expected.AsSpan<float>()[i], tolerance, $"element {i} of {expected.Shape}");
        }
    }
}
