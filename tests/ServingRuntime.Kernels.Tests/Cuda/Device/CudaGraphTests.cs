using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Device;

/// <summary>Recorded work, on the fake and on a device alike.</summary>
[Collection(CudaCollection.Name)]
public sealed class CudaGraphTests(CudaLibraries libraries)
{
    [SkippableFact]
    public void Launch_RecordedKernels_DoTheirWorkEachTimeAndNoneWhileRecorded()
    {
        using var bed = CudaTestBed.Open(libraries);
        var x = bed.Empty(new TensorShape(2, 8));
        bed.Launcher.Fill(x, 1);
        bed.Stream.BeginCapture();
        bed.Launcher.Scale(x, 2);
        bed.Launcher.Scale(x, 3);
        using var graph = bed.Stream.EndCapture();
        bed.Read(x).Should().AllBeEquivalentTo(1f, "what is recorded is not done");
        graph.Launch(bed.Stream);
        bed.Read(x).Should().AllBeEquivalentTo(6f);
        graph.Launch(bed.Stream);
        graph.Launch(bed.Stream);
        bed.Read(x).Should().AllBeEquivalentTo(216f, "in the order of the stream");
    }

    [SkippableFact]
    public void EndCapture_SomebodyWaitedForTheStream_FailsAndTheStreamGoesOn()
    {
        using var bed = CudaTestBed.Open(libraries);
        var x = bed.Empty(new TensorShape(2, 8));
        bed.Launcher.Fill(x, 2);
        bed.Stream.BeginCapture();
        bed.Launcher.Fill(x, 1);
        var wait = bed.Stream.Synchronize;
        wait.Should().Throw<CudaException>().Which.Code.Should().Be(900);
        var end = () => bed.Stream.EndCapture();
        end.Should().Throw<CudaException>().Which.Code.Should().Be(901);
        bed.Device.Loss.Should().BeNull("nothing is lost but the record");
        bed.Launcher.Fill(x, 3);
        bed.Read(x).Should().AllBeEquivalentTo(3f);
    }

    [SkippableFact]
    public void Allocate_WhileRecorded_Fails()
    {
        Skip.If(libraries.IsReal, "a driver that allows it would be none the worse");
        using var bed = CudaTestBed.Open(libraries);
        bed.Stream.BeginCapture();
        var allocate = () => bed.Device.Allocate(16, CudaMemoryPurpose.Activations);
        allocate.Should().Throw<CudaException>().Which.Code.Should().Be(900);
        bed.Stream.AbandonCapture();
        bed.Device.Loss.Should().BeNull();
    }

    [SkippableFact]
    public void Frees_OnlyOfDeviceMemory_AreCounted()
    {
        using var bed = CudaTestBed.Open(libraries);
        var (frees, taken) = (bed.Device.Context.Frees, bed.Device.Context.Allocations);
        using (bed.Device.AllocatePinned(16))
        using (bed.Device.CreateEvent())
        {
        }

        bed.Device.Context.Frees.Should().Be(frees);
        bed.Device.Allocate(16, CudaMemoryPurpose.Activations).Dispose();
        (bed.Device.Context.Frees, bed.Device.Context.Allocations).Should().Be((frees + 1, taken + 1));
    }
}
