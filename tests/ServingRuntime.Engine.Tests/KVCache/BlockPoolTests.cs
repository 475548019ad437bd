using Octavo.ServingRuntime.Engine.KVCache;

namespace Octavo.ServingRuntime.Engine.Tests.KVCache;

public sealed class BlockPoolTests
{
    [Fact]
    public void RandomOperations_AgainstASimpleModel_Agree()
    {
        var random = new Random(1);
        var pool = new BlockPool(24);
        var held = new List<List<int>>();
        var content = new Dictionary<int, BlockHash>();
        for (var i = 0; i < 20_000; i++)
        {
            switch (random.Next(4))
            {
                case 0 when pool.FreeCount > 0:
                    var block = pool.Allocate();
                    held.Should().NotContain(blocks => blocks.Contains(block), "a block in use is not given out");
                    block.Should().NotBe(BlockPool.NullBlock);
                    content.Remove(block);
                    held.Add([block]);
                    break;
                case 1 when held.Count > 0:
                    var group = held[random.Next(held.Count)];
                    held.Remove(group);
                    pool.Free([.. group]);
                    break;
                case 2 when held.Count > 0:
                    var hash = Hash(random.Next(40));
                    var target = held[random.Next(held.Count)][0];
                    if (!pool.TryFind(hash, out _) && !content.ContainsKey(target))
                    {
                        content[target] = hash;
                    }

                    pool.Register(target, hash);
                    break;
                default:
                    var wanted = Hash(random.Next(40));
                    var found = pool.TryFind(wanted, out var known);
                    found.Should().Be(content.ContainsValue(wanted));
                    if (found)
                    {
                        content[known].Should().Be(wanted);
                        pool.Touch(known);
                        held.Add([known]);
                    }

                    break;
            }

            pool.UsedCount.Should().Be(held.SelectMany(blocks => blocks).Distinct().Count());
            if (i % 50 == 0)
            {
                pool.CheckIntegrity();
            }
        }
    }

    [Fact]
    public void Free_HashedBlocks_TailsAreReusedBeforeHeads()
    {
        var pool = new BlockPool(5);
        int[] blocks = [pool.Allocate(), pool.Allocate(), pool.Allocate(), pool.Allocate()];
        for (var i = 0; i < 4; i++)
        {
            pool.Register(blocks[i], Hash(i));
        }

        pool.Free(blocks);
        Enumerable.Range(0, 4).Select(_ => pool.Allocate()).Should().Equal(blocks.Reverse());
    }

    [Fact]
    public void Free_BlocksWithoutHash_AreReusedFirst()
    {
        var pool = new BlockPool(5);
        int[] blocks = [pool.Allocate(), pool.Allocate(), pool.Allocate(), pool.Allocate()];
        pool.Register(blocks[0], Hash(0));
        pool.Register(blocks[1], Hash(1));
        pool.Free([blocks[0], blocks[1]]);
        pool.Free([blocks[2], blocks[3]]);
        new[] { pool.Allocate(), pool.Allocate() }.Should().BeEquivalentTo([blocks[2], blocks[3]]);
        pool.TryFind(Hash(0), out _).Should().BeTrue();
        pool.Allocate().Should().Be(blocks[1]);
        pool.TryFind(Hash(1), out _).Should().BeFalse("its block was reused");
    }

    [Fact]
    public void Allocate_KnownBlock_SaysWhatItEvicts()
    {
        var pool = new BlockPool(2);
        var block = pool.Allocate(out var nothing);
        nothing.Should().BeNull();
        pool.Register(block, Hash(7));
        pool.Free(block);
        pool.Allocate(out var evicted).Should().Be(block);
        evicted.Should().Be(Hash(7));
    }

    [Fact]
    public void UnregisterAll_UsersKeepTheirBlocks_NobodyFindsThem()
    {
        var pool = new BlockPool(4);
        var block = pool.Allocate();
        pool.Register(block, Hash(1));
        pool.UnregisterAll();
        pool.TryFind(Hash(1), out _).Should().BeFalse();
        pool.IsKnown(block).Should().BeFalse();
        pool.References(block).Should().Be(1);
        pool.CheckIntegrity();
    }

    [Fact]
    public void Misuse_IsRefused()
    {
        var pool = new BlockPool(2);
        var block = pool.Allocate();
        var exhausted = () => pool.Allocate();
        exhausted.Should().Throw<InvalidOperationException>();
        pool.Free([block]);
        var twice = () => pool.Free([block]);
        var none = () => pool.Free([BlockPool.NullBlock]);
        twice.Should().Throw<InvalidOperationException>();
        none.Should().Throw<InvalidOperationException>();
    }

    private static BlockHash Hash(int content) => BlockHash.First([content], []);
}
