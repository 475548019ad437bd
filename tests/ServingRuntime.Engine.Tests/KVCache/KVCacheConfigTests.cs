using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.KVCache;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Tests.KVCache;

public sealed class KVCacheConfigTests
{
    private static readonly EngineOptions Options = new() { ModelPath = "", MaxNumSeqs = 4, MemoryUtilization = 0.5 };

    private const long BlockBytes = 4096;

    [Fact]
    public void Create_PlentyOfMemory_NoMoreThanSequencesCanUse() =>
        KVCacheConfig.Create(Options, BlockBytes, DType.Int8, 64, 1L << 40).Should().Be(new KVCacheConfig(17, 16, 4096, DType.Int8), "4 sequences of 4 blocks, and the null block");

    [Fact]
    public void Create_LittleMemory_ItsPart() => KVCacheConfig.Create(Options, BlockBytes, DType.Int8, 64, 20 * 4096).NumBlocks.Should().Be(10);

    [Fact]
    public void Create_BytesGiven_WinOverMeasuring() =>
        KVCacheConfig.Create(Options with { KVCacheMemoryBytes = 123 * 4096 }, BlockBytes, DType.Int8, 64, 1).Bytes.Should().Be(123 * 4096);

    [Fact]
    public void Create_OneRequestDoesNotFit_NamesTheLargestThatWould()
    {
        var create = () => KVCacheConfig.Create(Options, BlockBytes, DType.Int8, 64, 8 * 4096);
        create.Should().Throw<EngineStartException>().WithMessage("*64 tokens*20480 bytes*50*32768 free bytes*largest max-model-len that fits is 48*");
        var nothing = () => KVCacheConfig.Create(Options, BlockBytes, DType.Int8, 64, 0);
        nothing.Should().Throw<EngineStartException>().WithMessage("*no request fits*");
    }

    [Fact]
    public void Create_MemoryUnknown_AsksForBytes()
    {
        var create = () => KVCacheConfig.Create(Options, BlockBytes, DType.Int8, 64, null);
        create.Should().Throw<EngineStartException>().WithMessage("*KVCacheMemoryBytes*");
    }
}
