using Octavo.ServingRuntime.Kernels.Cuda.Compilation;
using Octavo.ServingRuntime.Kernels.Cuda.Device;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Compilation;

public sealed class CudaArchitectureTests
{
    private static readonly int[] Known = [50, 75, 80, 86, 87, 89, 90];

    [Theory]
    [InlineData(8, 0, "sm_80")]
    [InlineData(8, 9, "sm_89")]
    [InlineData(9, 0, "sm_90a")]
    [InlineData(8, 8, "compute_87")]
    [InlineData(10, 0, "compute_90")]
    [InlineData(12, 0, "compute_90")]
    public void For_Device_ItsOwnOrPtxOfTheNewestItRuns(int major, int minor, string option)
    {
        var architecture = CudaArchitecture.For(new ComputeCapability(major, minor), Known);
        architecture.Option.Should().Be(option);
        architecture.IsVirtual.Should().Be(option.StartsWith('c'));
    }

    [Fact]
    public void For_CompilerThatKnowsOnlyNewerOnes_IsRefused()
    {
        var choose = () => CudaArchitecture.For(new ComputeCapability(8, 0), [90, 100]);
        choose.Should().Throw<NotSupportedException>().WithMessage("*90, 100*8.0*");
    }
}
