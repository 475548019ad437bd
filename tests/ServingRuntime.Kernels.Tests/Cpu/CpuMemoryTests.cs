using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Kernels.Tests.Cpu;

public sealed unsafe class CpuMemoryTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData((2 << 20) - 1)]
    [InlineData(2 << 20)]
    [InlineData((5 << 20) + 3)]
    public void Memory_AnySize_IsZeroAlignedAndWritableToItsEnd(int bytes)
    {
        for (var round = 0; round < 3; round++)
        {
            using var memory = new CpuMemory(bytes);
            var span = new Span<byte>((void*)memory.Address, bytes);
            span.ContainsAnyExcept((byte)0).Should().BeFalse();
            span.Fill(7);
            ((ulong)memory.Address % (bytes < 2 << 20 || !OperatingSystem.IsLinux() ? 64ul : 2 << 20)).Should().Be(0);
        }
    }

    [Fact]
    public void Memory_MoreThanThereIs_Throws()
    {
        var create = () => new CpuMemory(long.MaxValue / 2);
        create.Should().Throw<OutOfMemoryException>();
    }
}
