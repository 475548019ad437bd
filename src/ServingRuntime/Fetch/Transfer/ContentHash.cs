using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Octavo.ServingRuntime.Fetch.Transfer;

/// <summary>The SHA-256 of a file, and beside it whatever digest its source gave.</summary>
internal static class ContentHash
{
    private const int BufferBytes = 1 << 20;

    /// <param name="path">The file.</param>
    /// <param name="also">A further algorithm; null: none.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    /// <returns>SHA-256 in lower-case hex, and the digest by <paramref name="also"/> (the SHA-256 where that is null).</returns>
    public static async Task<(string Sha256, string Also)> ComputeAsync(string path, DigestAlgorithm? also, CancellationToken cancellationToken)
    {
        using var file = File.OpenHandle(path, options: FileOptions.Asynchronous | FileOptions.SequentialScan);
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var other = also switch
        {
            DigestAlgorithm.Md5 => IncrementalHash.CreateHash(HashAlgorithmName.MD5),
            DigestAlgorithm.GitBlob => IncrementalHash.CreateHash(HashAlgorithmName.SHA1),
            _ => null,
        };
        if (also == DigestAlgorithm.GitBlob)
        {
            other!.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {RandomAccess.GetLength(file)}\0")));
        }

        var buffer = new byte[BufferBytes];
        var crc = uint.MaxValue;
        long position = 0;
        while (await RandomAccess.ReadAsync(file, buffer, position, cancellationToken).ConfigureAwait(false) is > 0 and var count)
        {
            sha256.AppendData(buffer, 0, count);
            other?.AppendData(buffer, 0, count);
            crc = also == DigestAlgorithm.Crc32C ? Crc32C(crc, buffer.AsSpan(0, count)) : crc;
            position += count;
        }

        var hex = Convert.ToHexStringLower(sha256.GetHashAndReset());
        return (hex, also switch
        {
            DigestAlgorithm.Crc32C => (~crc).ToString("x8", CultureInfo.InvariantCulture),
            _ when other is not null => Convert.ToHexStringLower(other.GetHashAndReset()),
            _ => hex,
        });
    }

    /// <summary>CRC-32C (RFC 3720, Castagnoli) of further bytes; begins with and ends as the complement.</summary>
    private static uint Crc32C(uint crc, ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
        {
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        }

        foreach (var b in bytes[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return crc;
    }
}
