using Octavo.ServingRuntime.Engine.KVCache;

namespace Octavo.ServingRuntime.Engine.Tests.KVCache;

public sealed class BlockHashTests
{
    [Fact]
    public void Of_AnyDifference_AnotherHash()
    {
        var root = First([1, 2], null);
        BlockHash[] hashes =
        [
            root,
            First([2, 1], null),
            First([1, 2, 0], null),
            First([1, 2], ""),
            First([1, 2], "a"),
            First([1, 2], "ab"),
            First([1, 2], null, "a"),
            First([1, 2], "a", "b"),
            First([1, 2], "b", "a"),
            First([1, 2], "ab", ""),
            BlockHash.Next(root, [1, 2]),
            BlockHash.Next(First([1, 2], "a"), [1, 2]),
        ];
        hashes.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void First_SameContent_SameHashInEveryProcess() =>
        First([1, 2], "salt").A.Should().Be(Expected([.. new byte[32], 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 4, 0, 0, 0, .. "salt"u8]), "replicas and routers may compare hashes");

    [Fact]
    public void First_SaltAndAdapter_BothInTheOrderOfTheirKinds() =>
        First([7], "s", "lora").A.Should().Be(Expected([.. new byte[32], 1, 0, 0, 0, 7, 0, 0, 0, 1, 1, 0, 0, 0, .. "s"u8, 2, 4, 0, 0, 0, .. "lora"u8]));

    [Fact]
    public void Next_HashesParentAndTokens()
    {
        var root = First([1], null);
        byte[] parent = [.. BitConverter.GetBytes(root.A), .. BitConverter.GetBytes(root.B), .. BitConverter.GetBytes(root.C), .. BitConverter.GetBytes(root.D)];
        BlockHash.Next(root, [3]).A.Should().Be(Expected([.. parent, 1, 0, 0, 0, 3, 0, 0, 0]));
    }

    [Fact]
    public void First_LongSalt_IsHashedWhole() => First([1], new string('x', 5000) + "a").Should().NotBe(First([1], new string('x', 5000) + "b"));

    private static BlockHash First(int[] tokens, string? salt, string? adapter = null) => BlockHash.First(tokens, ExtraKey.List(salt, adapter));

    /// <summary>First 8 bytes of SHA-256, little-endian.</summary>
    private static ulong Expected(byte[] content) => BitConverter.ToUInt64(System.Security.Cryptography.SHA256.HashData(content));
}
