using Octavo.ServingRuntime.Fetch.Transfer;

namespace Octavo.ServingRuntime.Tests.Fetch.Transfer;

/// <summary>Against published values: FIPS 180, RFC 1321, RFC 3720 (appendix B.4), and git's own name of a blob.</summary>
public sealed class ContentHashTests : IDisposable
{
    private readonly string path = Path.GetTempFileName();

    public void Dispose() => File.Delete(path);

    [Theory]
    [InlineData(null, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData("Md5", "abc", "900150983cd24fb0d6963f7d28e17f72")]
    [InlineData("GitBlob", "hello\n", "ce013625030ba8dba906f756967f9e9ca394464a")]
    [InlineData("GitBlob", "", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")]
    [InlineData("Crc32C", "123456789", "e3069283")]
    public async Task Compute_PublishedText_PublishedDigest(string? algorithm, string text, string expected)
    {
        await File.WriteAllTextAsync(path, text);

        (await ContentHash.ComputeAsync(path, algorithm is null ? null : Enum.Parse<DigestAlgorithm>(algorithm), CancellationToken.None)).Also.Should().Be(expected);
    }

    [Fact]
    public async Task Compute_ThirtyTwoZeroBytes_Rfc3720sCrc()
    {
        await File.WriteAllBytesAsync(path, new byte[32]);

        (await ContentHash.ComputeAsync(path, DigestAlgorithm.Crc32C, CancellationToken.None)).Also.Should().Be("8a9136aa");
    }
}
