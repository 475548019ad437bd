using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.KVCache;
using Octavo.ServingRuntime.Kernels;
using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Engine.Tests.KVCache;

public sealed class HostMemoryTierTests : IDisposable
{
    private const int Blocks = 6;
    private readonly ReferenceBackend backend = new();
    private readonly KeyValueBlocks layer;
    private readonly ArrayBlocks memory = new();

    public HostMemoryTierTests()
    {
        layer = backend.AllocateKeyValueBlocks(Blocks, 1, 2, 16, DType.Float32);
        for (var block = 0; block < Blocks; block++)
        {
            Write(block, block);
        }
    }

    public void Dispose()
    {
        layer.Dispose();
        backend.Dispose();
    }

    [Fact]
    public void Transfer_MoreThanThereIsRoomFor_TheOldestGivesWay()
    {
        using var tier = Tier(2);
        Transfer(tier, stores: [(1, 1), (2, 2)], loads: []);
        tier.Stats.Should().Be(new BlockTierStats(2, 2, memory.HostBlockBytes([layer]), 2, 0));
        Transfer(tier, stores: [(3, 3)], loads: []);
        Known(tier).Should().Equal(2, 3);
        Transfer(tier, stores: [], loads: [(2, 0)]);
        Transfer(tier, stores: [(4, 4)], loads: []);
        Known(tier).Should().Equal(2, 4);
        Read(0).Should().Be(2);
        (tier.Stats.StoredBlocks, tier.Stats.LoadedBlocks).Should().Be((4, 1));
    }

    [Fact]
    public void Attach_LessThanABlock_IsRefusedWithTheNumbers()
    {
        using var tier = new HostMemoryTier(memory, 100);
        var attach = () => tier.Attach([layer]);
        attach.Should().Throw<EngineStartException>().WithMessage($"KVOffloadingBytes: --kv-offloading-size asks for 100 bytes of host memory, and one block of this model takes {memory.HostBlockBytes([layer])}");
    }

    [Fact]
    public void Create_OnTheCpu_IsRefusedAndSaysWhatToDo()
    {
        var options = EngineHarness.Defaults with { KVOffloadingBytes = 1 << 20 };
        var create = () => new EngineHarness(options);
        create.Should().Throw<EngineStartException>().WithMessage("KVOffloadingBytes: --kv-offloading-size*on the CPU*--kv-cache-memory-bytes*");
    }

    [Fact]
    public void Create_MoreThanTheHostHas_IsRefusedWithTheNumbers()
    {
        var options = EngineHarness.Defaults with { KVOffloadingBytes = 2000 };
        var create = () => HostMemoryTier.Create(options, memory, freeBytes: 1000);
        create.Should().Throw<EngineStartException>().WithMessage("*2000 bytes of host memory, and 1000 are free*memory limit");
        HostMemoryTier.Create(options, memory, freeBytes: null).Should().NotBeNull("nobody knows");
        HostMemoryTier.Create(options with { KVOffloadingBytes = null }, memory, 1000).Should().BeNull();
    }

    [Fact]
    public void Transfer_StoresBesideLoads_WhatWasPromisedIsLoadedAndWhatIsOverwrittenWasReadBefore()
    {
        using var tier = Tier(2);
        Transfer(tier, stores: [(1, 1), (2, 2)], loads: []);

        // Block 5 is stored and loaded into; the tier is full of what is to be loaded but for one.
        Transfer(tier, stores: [(5, 5), (6, 4)], loads: [(1, 5)]);
        Read(5).Should().Be(1);
        Known(tier).Should().Equal(1, 5);
        Transfer(tier, stores: [], loads: [(5, 0)]);
        Read(0).Should().Be(5);
        Transfer(tier, stores: [(3, 3)], loads: [(1, 1), (5, 2)]);
        Known(tier).Should().Equal([1, 5], "what is stored need not be kept, what was promised must be there");
        (Read(1), Read(2)).Should().Be((1, 5));
    }

    [Fact]
    public void Transfer_KnownContentAgain_TakesNoSecondPlace()
    {
        using var tier = Tier(2);
        Transfer(tier, stores: [(1, 1), (2, 2)], loads: []);
        Transfer(tier, stores: [(1, 1), (3, 3)], loads: []);
        Known(tier).Should().Equal(1, 3);
    }

    [Fact]
    public void Clear_ForgetsAllAndHasAllRoomAgain()
    {
        using var tier = Tier(2);
        Transfer(tier, stores: [(1, 1), (2, 2)], loads: []);
        tier.Clear();
        Known(tier).Should().BeEmpty();
        Transfer(tier, stores: [(3, 3), (4, 4)], loads: []);
        Known(tier).Should().Equal(3, 4);
    }

    [Fact]
    public void Step_EvictedPrefix_ComesBackBitForBit()
    {
        var tier = new HostMemoryTier(memory, 1L << 30);
        var options = EngineHarness.Defaults with { NumBlocksOverride = 9, MaxModelLen = 128, AdmissionWatermark = 0 };
        using (var engine = new EngineHarness(options, tier: tier))
        {
            int[] first = Prompt(1), second = Prompt(2);
            var before = engine.Run(first, EngineHarness.Greedy(20, logprobs: 3));
            engine.Run(second, EngineHarness.Greedy(20));
            var after = engine.Run(first, EngineHarness.Greedy(20, logprobs: 3));
            after.Exact.Should().Equal(before.Exact);
            after.Last.NumCachedTokens.Should().Be(80);
            memory.Loads.Should().BePositive();
        }

        memory.Disposed.Should().BeTrue();
    }

    private static BlockHash Name(int number) => new((ulong)number, 0, 0, 0);

    private static IEnumerable<int> Known(HostMemoryTier tier) => Enumerable.Range(1, 9).Where(number => tier.Contains(Name(number)));

    private static int[] Prompt(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 90).Select(_ => random.Next(3, 4096))];
    }

    private HostMemoryTier Tier(int count)
    {
        var tier = new HostMemoryTier(memory, count * memory.HostBlockBytes([layer]));
        tier.Attach([layer]);
        return tier;
    }

    private void Transfer(HostMemoryTier tier, (int Name, int Block)[] stores, (int Name, int Block)[] loads) => tier.Transfer(
        [.. stores.Select(store => new BlockTransfer(Name(store.Name), store.Block))], [.. loads.Select(load => new BlockTransfer(Name(load.Name), load.Block))]);

    private void Write(int block, float value)
    {
        foreach (var part in layer.Parts)
        {
            var all = part.AsSpan<float>();
            all.Slice(block * (all.Length / Blocks), all.Length / Blocks).Fill(value);
        }
    }

    private float Read(int block)
    {
        var values = layer.Parts.SelectMany(part => part.AsSpan<float>().ToArray().Chunk((int)part.Shape.ElementCount / Blocks).ElementAt(block)).Distinct().ToList();
        return values.Single();
    }
}
