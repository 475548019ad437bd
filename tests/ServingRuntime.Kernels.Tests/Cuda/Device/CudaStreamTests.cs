using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Device;

/// <summary>Copies, events and launches: the order of work, and what its failures do.</summary>
[Collection(CudaCollection.Name)]
public sealed class CudaStreamTests(CudaLibraries libraries)
{
    [SkippableTheory]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(50_001)]
    public void StagedCopies_ThereAndBack_SameBytes(int bytes)
    {
        using var bed = CudaTestBed.Open(libraries);
        var source = new byte[bytes];
        new Random(bytes).NextBytes(source);
        var expected = source.ToArray();
        var tensor = bed.Empty(new TensorShape(bytes), DType.Int8);
        bed.Write(source, tensor);
        Array.Clear(source); // it was read before the copy returned
        bed.ReadBytes(tensor).Should().Equal(expected);
    }

    [SkippableFact]
    public unsafe void CopyToHost_PinnedMemory_IsThereWhenTheEventIsReachedAndNotBefore()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var pinned = bed.Device.AllocatePinned(16);
        using var mark = bed.Device.CreateEvent();
        mark.IsReached.Should().BeTrue("it was never set");
        var span = new Tensor(pinned, 0, new TensorShape(4), DType.Int32).AsSpan<int>();
        span.Clear();
        var tensor = bed.Empty(new TensorShape(4), DType.Int32);
        bed.Stream.Fill(tensor.Memory.Address, 1, 16);
        bed.Stream.CopyToHost((void*)pinned.Address, tensor.Memory.Address, 16);
        mark.Record(bed.Stream);
        if (!libraries.IsReal)
        {
            mark.IsReached.Should().BeFalse("the fake's streams hold everything back");
            span.ToArray().Should().Equal(0, 0, 0, 0);
        }

        mark.Synchronize();
        mark.IsReached.Should().BeTrue();
        span.ToArray().Should().AllBeEquivalentTo(0x01010101);
    }

    [SkippableFact]
    public unsafe void Wait_ForAnEventOfAnotherStream_ItsWorkComesFirst()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var other = bed.Device.CreateStream();
        using var pinned = bed.Device.AllocatePinned(8);
        using var mark = bed.Device.CreateEvent();
        var tensor = bed.Empty(new TensorShape(2), DType.Int32);
        bed.Stream.Fill(tensor.Memory.Address, 7, 8);
        mark.Record(bed.Stream);
        other.Wait(mark);
        other.CopyToHost((void*)pinned.Address, tensor.Memory.Address, 8);
        other.Synchronize();
        new Tensor(pinned, 0, new TensorShape(8), DType.Int8).AsSpan<byte>().ToArray().Should().AllBeEquivalentTo(7);
    }

    [SkippableFact]
    public void Since_TwoMarks_TimeOnTheDevice()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var begin = bed.Device.CreateEvent(timing: true);
        using var end = bed.Device.CreateEvent(timing: true);
        begin.Record(bed.Stream);
        bed.Launcher.Fill(bed.Empty(new TensorShape(2, 2)), 1);
        end.Record(bed.Stream);
        end.Synchronize();
        end.Since(begin).Should().BeGreaterThan(TimeSpan.Zero);
    }

    [SkippableFact]
    public void Launch_Fails_NamesTheKernelAndLosesTheDevice()
    {
        using var bed = OpenFake();
        var x = bed.Empty(new TensorShape(2, 8));
        libraries.Fake!.Fail("cuLaunchKernel", 1, 719);
        var launch = () => bed.Launcher.Fill(x, 1);
        launch.Should().Throw<CudaException>().WithMessage("launching octavo_fill_f32 with 1 x 2 x 1 blocks of 256 threads: cuLaunchKernel failed with 719 CUDA_ERROR_LAUNCH_FAILED (unspecified launch failure)");
        bed.Device.Loss!.Code.Should().Be(719);
        launch.Should().Throw<CudaException>("nothing works any more").Which.Code.Should().Be(719);
    }

    [SkippableFact]
    public void Synchronize_AfterAKernelWroteBesideItsMemory_TheDeviceIsLost()
    {
        using var bed = OpenFake();
        var small = bed.Empty(new TensorShape(1, 8));

        // The launch is told of more rows than the memory has: what a defect would do.
        bed.Kernel("elementwise.cu", "octavo_fill_f32").Launch(bed.Stream, new(1, 2), 256, [small, 8L, small, 8L, 2, 8, 1f]);
        var synchronize = bed.Stream.Synchronize;
        synchronize.Should().Throw<CudaException>().Which.Name.Should().Be("CUDA_ERROR_ILLEGAL_ADDRESS");
        bed.Device.Loss.Should().NotBeNull();
        libraries.Fake!.Failure.Should().Contain("beside an allocation");
    }

    [SkippableFact]
    public void Copy_UncorrectableMemory_TheDeviceIsLostWithAHint()
    {
        using var bed = OpenFake();
        var tensor = bed.Empty(new TensorShape(4), DType.Int32);
        libraries.Fake!.Fail("cuMemcpyHtoDAsync_v2", 1, 214);
        var copy = () => bed.Write(new byte[16], tensor);
        copy.Should().Throw<CudaException>().WithMessage("copying to the device: cuMemcpyHtoDAsync_v2 failed with 214 CUDA_ERROR_ECC_UNCORRECTABLE*drain the node and reset the device");
        bed.Device.Loss.Should().NotBeNull();
    }

    [SkippableFact]
    public void Launch_MoreThreadsThanTheKernelAllows_NotEnoughResources()
    {
        using var bed = OpenFake();
        var x = bed.Empty(new TensorShape(2, 8));
        var kernel = bed.Kernel("elementwise.cu", "octavo_fill_f32");
        kernel.MaxThreads.Should().Be(256);
        var launch = () => kernel.Launch(bed.Stream, new(1), 512, [x, 8L, x, 8L, 2, 8, 1f]);
        launch.Should().Throw<CudaException>().Which.Code.Should().Be(701);
        bed.Device.Loss.Should().BeNull();
    }

    [SkippableFact]
    public void Launch_MissingOrSurplusArgument_IsFoundByTheFake()
    {
        using var bed = OpenFake();
        var x = bed.Empty(new TensorShape(2, 8));
        var kernel = bed.Kernel("elementwise.cu", "octavo_fill_f32");
        var missing = () => kernel.Launch(bed.Stream, new(1), 256, [x, 8L, x, 8L, 2, 8]);
        var surplus = () => kernel.Launch(bed.Stream, new(1), 256, [x, 8L, x, 8L, 2, 8, 1f, 1]);
        missing.Should().Throw<CudaException>().Which.Code.Should().Be(1);
        surplus.Should().Throw<CudaException>().Which.Code.Should().Be(1);
    }

    [SkippableFact]
    public void Kernel_OfNoSuchName_SaysWhichAndWhere()
    {
        using var bed = OpenFake();
        var look = () => bed.Kernel("rows.cu", "octavo_nothing");
        look.Should().Throw<CudaException>().WithMessage("looking for octavo_nothing in rows.cu: cuModuleGetFunction failed with 500*");
    }

    [SkippableFact]
    public void Launch_Steady_AllocatesNothing()
    {
        using var bed = CudaTestBed.Open(libraries);
        Tensor x = bed.Empty(new TensorShape(2, 64)), weight = bed.Empty(new TensorShape(64));
        Work();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Work();
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
        bed.Stream.Synchronize();

        void Work()
        {
            for (var i = 0; i < 10; i++)
            {
                bed.Launcher.Fill(x, 1);
                bed.Launcher.AddRmsNorm(x, x, weight, 1e-5f, x);
            }
        }
    }

    [SkippableFact]
    public void Dispose_EverythingOfABed_IsGivenBack()
    {
        using (var bed = OpenFake())
        {
            bed.Launcher.Fill(bed.Empty(new TensorShape(1, 1)), 1);
            libraries.Fake!.Live.Should().BeGreaterThan(0);
        }

        libraries.Fake!.Live.Should().Be(0);
    }

    private CudaTestBed OpenFake()
    {
        Skip.If(libraries.IsReal, "errors are planned on the fake driver only");
        return CudaTestBed.Open(libraries);
    }
}
