using Octavo.LocalCluster.Node.Pods;

namespace Octavo.LocalCluster.Tests.Node.Pods;

public sealed class PodAddressAllocatorTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("octavo-addresses-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Allocate_Again_GivesAnotherAddressEvenAfterAFree()
    {
        using var allocator = new PodAddressAllocator(folder);
        var first = allocator.Allocate();
        allocator.Free(first);
        (first, allocator.Allocate()).Should().Be(("127.1.0.1", "127.1.0.2"));
    }

    [Fact]
    public void Allocate_HeldByAnotherNode_IsSkippedUntilItIsGone()
    {
        using var other = new PodAddressAllocator(folder);
        other.Allocate().Should().Be("127.1.0.1");
        using (var mine = new PodAddressAllocator(folder))
        {
            mine.Allocate().Should().Be("127.1.0.2");
        }

        other.Dispose();
        using var next = new PodAddressAllocator(folder);
        next.Allocate().Should().Be("127.1.0.1");
    }
}
