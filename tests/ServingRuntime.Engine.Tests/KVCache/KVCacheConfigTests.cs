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
        KVCacheConfig.Create(Options, BlockBytes, DType.Int8, 64, Host(1L << 40)).Should().Be(new KVCacheConfig(17, 16, 4096, DType.Int8), "4 sequences of 4 blocks, and the null block");

    [Fact]
    public void Create_LittleMemory_ItsPart() => KVCacheConfig.Create(Options, BlockBytes, DType.Int8, 64, Host(20 * 4096)).NumBlocks.Should().Be(10);

    [Fact]
    public void Create_BytesGiven_WinOverMeasuring() =>
        KVCacheConfig.Create(Options with { KVCacheMemoryBytes = 123 * 4096 }, BlockBytes, DType.Int8, 64, Host(1)).Bytes.Should().Be(123 * 4096);

    [Fact]
    public void Create_OneRequestDoesNotFit_NamesTheLargestThatWould()
    {
        var create = () => KVCacheConfig.Create(Options, BlockBytes, DType.Int8, 64, Host(8 * 4096));
        create.Should().Throw<EngineStartException>().WithMessage("*64 tokens*20480 bytes*50*32768 free bytes*largest max-model-len that fits is 48*");
        var nothing = () => KVCacheConfig.Create(Options, BlockBytes, DType.Int8, 64, Host(0));
        nothing.Should().Throw<EngineStartException>().WithMessage("*no request fits*");
    }

    [Fact]
    public void Create_MemoryUnknown_AsksForBytes()
    {
        var create = () => KVCacheConfig.Create(Options, BlockBytes, DType.Int8, 64, null);
        create.Should().Throw<EngineStartException>().WithMessage("*KVCacheMemoryBytes*");
    }

    [Fact]
    public void Create_Device_WhatItsShareLeavesBesideAllElse()
    {
        var options = Options with { GpuMemoryUtilization = 0.75 };
        var room = KVCacheRoom.OfDevice(options, new DeviceMemoryUse(1000 * BlockBytes, 700 * BlockBytes));
        room.Bytes.Should().Be(450 * BlockBytes, "750 less the 300 in use");
        KVCacheConfig.Create(options, BlockBytes, DType.Int8, 64, room).NumBlocks.Should().Be(450, "more than sequences can use holds prefixes");
        KVCacheConfig.Create(options with { EnablePrefixCaching = false }, BlockBytes, DType.Int8, 64, room).NumBlocks.Should().Be(17, "of which there are none");
    }

    [Fact]
    public void Create_DeviceWithADraftModel_ItsBlocksComeOnTop()
    {
        var room = new KVCacheRoom(1200, "", "", IsShared: false);
        (room with { Draft = (20, 1000) }).Blocks(100).Should().Be(10, "each of ours with one of the draft's");
        (room with { Draft = (20, 5) }).Blocks(100).Should().Be(11, "which has but five");
    }

    [Fact]
    public void Create_DeviceTooSmall_SaysNumbersAndFlags()
    {
        var room = KVCacheRoom.OfDevice(Options, new DeviceMemoryUse(100 * BlockBytes, 13 * BlockBytes));
        var create = () => KVCacheConfig.Create(Options, BlockBytes, DType.Int8, 64, room);
        create.Should().Throw<EngineStartException>()
            .WithMessage("*64 tokens need 20480 bytes*12288 bytes: 0.9 (--gpu-memory-utilization)*409600, less 356352 in use*max-model-len that fits is 32; raise --gpu-memory-utilization*--max-num-seqs*");
    }

    private static KVCacheRoom Host(long freeBytes) => KVCacheRoom.OfHost(Options, freeBytes);
}
