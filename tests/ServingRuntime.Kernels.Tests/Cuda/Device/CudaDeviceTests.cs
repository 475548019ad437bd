using Octavo.ServingRuntime.Kernels.Cuda.Device;
using Octavo.ServingRuntime.Kernels.Cuda.Native;
using Octavo.TestSupport.Cuda;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Device;

/// <summary>Opening devices and every way in which that or their use fails, on the fake driver.</summary>
[Collection(CudaCollection.Name)]
public sealed class CudaDeviceTests(CudaLibraries libraries)
{
    [SkippableFact]
    public void Open_Device_SaysWhatItIs()
    {
        Fake();
        using var device = Open();
        device.Capability.Should().Be(new ComputeCapability(9, 0));
        device.Description.Should().Be("cuda:0, Fake GPU, compute capability 9.0, 1024 MiB, 4 multiprocessors, driver for CUDA 13.0");
        device.FreeBytes().Should().Be(1 << 30);
        device.Loss.Should().BeNull();
    }

    [SkippableTheory]
    [InlineData("cuInit", 100, "starting the CUDA driver: cuInit failed with 100 CUDA_ERROR_NO_DEVICE*the node has no GPU, or the container was given none*")]
    [InlineData("cuInit", 34, "*34 CUDA_ERROR_STUB_LIBRARY*remove its folder from LD_LIBRARY_PATH*")]
    [InlineData("cuInit", 803, "*803 of no name*restart the node*")]
    [InlineData("cuDeviceGet", 101, "opening device 0 of 1: cuDeviceGet failed with 101*")]
    [InlineData("cuDevicePrimaryCtxRetain", 46, "opening the device: *other processes use the device exclusively*")]
    [InlineData("cuDeviceGetAttribute", 1, "asking for attribute 75: cuDeviceGetAttribute failed with 1 CUDA_ERROR_INVALID_VALUE*")]
    public void Open_CallFails_SaysWhatWasAttempted(string call, int code, string message)
    {
        Fake().Fail(call, 1, code);
        var open = Open;
        open.Should().Throw<CudaException>().WithMessage(message).Which.Code.Should().Be(code);
    }

    [SkippableFact]
    public void Open_NoDevices_NoDevice()
    {
        Fake().Become(devices: 0);
        var open = Open;
        open.Should().Throw<CudaException>().Which.Name.Should().Be("CUDA_ERROR_NO_DEVICE");
    }

    [SkippableFact]
    public void Open_OldDriver_BothVersionsAndNoFurtherCall()
    {
        var fake = Fake();
        fake.Become(driverVersion: 11080);
        var open = Open;
        open.Should().Throw<CudaDriverTooOldException>().WithMessage("the driver supports CUDA 11.8, and this runtime needs 12.0: update the node's driver*");
        fake.Calls.Should().BeEmpty("the version is asked for before the driver is started");
    }

    [SkippableFact]
    public void Open_OldDevice_IsRefusedAndLetGo()
    {
        var fake = Fake();
        fake.Become(major: 7, minor: 5);
        var open = Open;
        open.Should().Throw<NotSupportedException>().WithMessage("*7.5*8.0 or later");
        fake.Calls.Should().Contain("cuDevicePrimaryCtxRelease_v2");
    }

    [SkippableTheory]
    [InlineData(CudaMemoryPurpose.KeyValues, "no memory for the KV cache: 200.0 MiB were asked for, 60.0 MiB of 100.0 MiB are free (cuMemAlloc_v2: CUDA_ERROR_OUT_OF_MEMORY); lower --gpu-memory-utilization*--max-model-len*")]
    [InlineData(CudaMemoryPurpose.Activations, "no memory for a step's activations*--max-num-seqs or --max-num-batched-tokens*")]
    [InlineData(CudaMemoryPurpose.Weights, "no memory for weights*quantised*")]
    internal void Allocate_NoRoom_BytesAndTheFlagToChange(CudaMemoryPurpose purpose, string message)
    {
        Fake().Become(bytes: 100 << 20);
        using var device = Open();
        using var first = device.Allocate(40 << 20, CudaMemoryPurpose.Weights);
        var allocate = () => device.Allocate(200 << 20, purpose);
        var failure = allocate.Should().Throw<CudaOutOfMemoryException>().WithMessage(message).Which;
        (failure.RequestedBytes, failure.FreeBytes, failure.TotalBytes).Should().Be((200 << 20, 60 << 20, 100 << 20));
        failure.IsSticky.Should().BeFalse();
        device.Loss.Should().BeNull("another allocation may succeed");
        using var second = device.Allocate(50 << 20, purpose);
    }

    [SkippableFact]
    public void AllocatePinned_NoRoom_OutOfMemory()
    {
        Fake().Fail("cuMemHostAlloc", 1, 2);
        using var device = Open();
        var allocate = () => device.AllocatePinned(64);
        allocate.Should().Throw<CudaOutOfMemoryException>().WithMessage("no memory for pinned host memory*ulimit -l*");
    }

    [SkippableFact]
    public void Dispose_InAnyOrder_EverythingIsGivenBackAndTheContextLast()
    {
        var fake = Fake();
        var device = Open();
        var (memory, pinned, stream, mark) = (device.Allocate(100, CudaMemoryPurpose.Weights), device.AllocatePinned(100), device.CreateStream(), device.CreateEvent());
        fake.Live.Should().Be(4);
        device.Dispose();
        mark.Dispose();
        memory.Dispose();
        stream.Dispose();
        fake.Calls.Should().NotContain("cuDevicePrimaryCtxRelease_v2");
        pinned.Dispose();
        fake.Calls[^1].Should().Be("cuDevicePrimaryCtxRelease_v2");
        (fake.Live, fake.UsedBytes).Should().Be((0, 0ul));
    }

    [SkippableFact]
    public void Make_CallFails_NothingIsHeld()
    {
        var fake = Fake();
        var device = Open();
        fake.Fail("cuStreamCreate", 1, 1);
        fake.Fail("cuEventCreate", 1, 1);
        fake.Fail("cuMemAlloc_v2", 1, 1);
        foreach (var make in new Func<object>[] { () => device.CreateStream(), () => device.CreateEvent(), () => device.Allocate(10, CudaMemoryPurpose.Weights), () => device.LoadModule("no image"u8, "x.cu") })
        {
            make.Should().Throw<CudaException>();
        }

        device.Dispose();
        fake.Calls[^1].Should().Be("cuDevicePrimaryCtxRelease_v2");
        fake.Live.Should().Be(0);
    }

    [SkippableFact]
    public void LoadModule_NotToTheDriversLiking_ItsCompilersWords()
    {
        Fake();
        using var device = Open();
        var load = () => device.LoadModule("no image"u8, "x.cu");
        load.Should().Throw<CudaException>().WithMessage("loading the kernels of x.cu (ptxas: neither ELF nor PTX): cuModuleLoadDataEx failed with 200*");
    }

    [SkippableTheory]
    [InlineData(2, false)]
    [InlineData(1, false)]
    [InlineData(701, false)]
    [InlineData(720, false)]
    [InlineData(801, false)]
    [InlineData(900, false)]
    [InlineData(214, true)]
    [InlineData(700, true)]
    [InlineData(702, true)]
    [InlineData(717, true)]
    [InlineData(719, true)]
    [InlineData(810, true)]
    [InlineData(999, true)]
    public void Synchronize_Fails_TheDeviceIsLostWhereTheErrorStays(int code, bool lost)
    {
        var fake = Fake();
        using var device = Open();
        using var stream = device.CreateStream();
        fake.Fail("cuStreamSynchronize", 1, code);
        var synchronize = stream.Synchronize;
        synchronize.Should().Throw<CudaException>().WithMessage($"waiting for the device: cuStreamSynchronize failed with {code}*").Which.IsSticky.Should().Be(lost);
        (device.Loss is not null).Should().Be(lost);
        if (lost)
        {
            device.Loss!.Code.Should().Be(code);
        }
    }

    [SkippableFact]
    public void Missing_EntryPoint_TheLibraryIsTooOld()
    {
        Fake();
        var compiler = libraries.Driver with { Handle = System.Runtime.InteropServices.NativeLibrary.GetMainProgramHandle() };
        var bind = () => new CudaDriver(compiler);
        bind.Should().Throw<CudaDriverTooOldException>().WithMessage("*libcuda.so.1 is too old: it lacks cuInit; CUDA 12.0 or later is needed");
    }

    private FakeDriver Fake()
    {
        Skip.If(libraries.IsReal, "errors are planned on the fake driver only");
        Skip.If(libraries.WhyNot is not null, libraries.WhyNot);
        libraries.Fake!.Reset();
        return libraries.Fake;
    }

    private CudaDevice Open() => CudaDevice.Open(new CudaDriver(libraries.Driver), 0);
}
