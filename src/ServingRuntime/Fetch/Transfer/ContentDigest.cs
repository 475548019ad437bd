namespace Octavo.ServingRuntime.Fetch.Transfer;

/// <summary>Ways in which sources name a content.</summary>
internal enum DigestAlgorithm
{
    Sha256,

    /// <summary>SHA-1 over <c>blob SIZE\0</c> and the content, as git names blobs.</summary>
    GitBlob,

    Md5,

    /// <summary>CRC-32C, big-endian.</summary>
    Crc32C,
}

/// <param name="Algorithm">How it was computed.</param>
/// <param name="Hex">Lower case.</param>
internal sealed record ContentDigest(DigestAlgorithm Algorithm, string Hex)
{
    public static ContentDigest Sha256(string hex) => new(DigestAlgorithm.Sha256, hex.ToLowerInvariant());

    /// <summary>From base64; null where it is none.</summary>
    public static ContentDigest? FromBase64(DigestAlgorithm algorithm, string? text)
    {
        var bytes = new byte[64];
        return text is { Length: > 0 } && Convert.TryFromBase64String(text, bytes, out var count) ? new ContentDigest(algorithm, Convert.ToHexStringLower(bytes.AsSpan(0, count))) : null;
    }

    public override string ToString() => $"{Algorithm.ToString().ToLowerInvariant()}:{Hex}";
}
