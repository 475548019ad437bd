using Octavo.ServingRuntime.Kernels.Cuda.Launch;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Launch;

public sealed class BlockCopyWavesTests
{
    [Fact]
    public void Plan_IndependentCopies_OneWave() => BlockCopyWaves.Plan([new(1, 2), new(1, 3), new(4, 5)]).Should().Equal(3);

    [Fact]
    public void Plan_SourceThatWasWritten_AnotherWave() => BlockCopyWaves.Plan([new(1, 2), new(2, 3), new(4, 5)]).Should().Equal(1, 2);

    [Fact]
    public void Plan_DestinationThatWasReadOrWritten_AnotherWave()
    {
        BlockCopyWaves.Plan([new(1, 2), new(3, 1)]).Should().Equal(1, 1);
        BlockCopyWaves.Plan([new(1, 2), new(3, 2)]).Should().Equal(1, 1);
    }

    [Fact]
    public void Plan_NoCopies_NoWaves() => BlockCopyWaves.Plan([]).Should().BeEmpty();
}
