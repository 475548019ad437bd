using Octavo.ServingRuntime.Engine.KVCache;

namespace Octavo.ServingRuntime.Engine.Tests.KVCache;

public sealed class BlockHashTests
{
    [Fact]
    public void Of_AnyDifference_AnotherHash()
    {
        var root = BlockHash.Of(null, [1, 2], null);
        BlockHash[] hashes =
        [
            root,
            BlockHash.Of(null, [2, 1], null),
            BlockHash.Of(null, [1, 2, 0], null),
            BlockHash.Of(null, [1, 2], ""),
            BlockHash.Of(null, [1, 2], "a"),
            BlockHash.Of(null, [1, 2], "ab"),
            BlockHash.Of(root, [1, 2], null),
            BlockHash.Of(BlockHash.Of(null, [1, 2], "a"), [1, 2], null),
        ];
        hashes.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void Of_SameContent_SameHashInEveryProcess() =>
        BlockHash.Of(null, [1, 2], "salt").A.Should().Be(Expected, "replicas and routers may compare hashes");

    [Fact]
    public void Of_LongSalt_IsHashedWhole() =>
        BlockHash.Of(null, [1], new string('x', 5000) + "a").Should().NotBe(BlockHash.Of(null, [1], new string('x', 5000) + "b"));

    /// <summary>First 8 bytes, little-endian, of SHA-256(32 zero bytes, 2, 1, 2 as int32, type 1, length 4, "salt").</summary>
    private static ulong Expected => BitConverter.ToUInt64(System.Security.Cryptography.SHA256.HashData(
        [.. new byte[32], 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 4, 0, 0, 0, .. "salt"u8]));
}
