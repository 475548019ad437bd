using Octavo.ServingRuntime.Kernels.Cuda.Compilation;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Compilation;

public sealed class PtxasLogTests
{
    [Fact]
    public void Parse_LogOfTwoKernels_RegistersSpillsAndSharedMemory()
    {
        const string log = """
            ptxas info    : 0 bytes gmem
            ptxas info    : Compiling entry function 'octavo_a' for 'sm_90a'
            ptxas info    : Function properties for octavo_a
                0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
            ptxas info    : Used 158 registers, used 1 barriers, 128 bytes smem, 400 bytes cmem[0]
            ptxas info    : Compiling entry function 'octavo_b' for 'sm_90a'
            ptxas info    : Function properties for octavo_b
                16 bytes stack frame, 12 bytes spill stores, 8 bytes spill loads
            ptxas info    : Used 255 registers, 400 bytes cmem[0]
            """;
        PtxasLog.Parse(log).Should().Equal(new KernelUsage("octavo_a", 158, 0, 128), new KernelUsage("octavo_b", 255, 20, 0));
    }

    [Fact]
    public void Parse_NoLog_NoKernels() => PtxasLog.Parse("").Should().BeEmpty();
}
