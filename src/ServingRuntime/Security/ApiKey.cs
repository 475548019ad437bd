using System.Security.Cryptography;
using System.Text;

namespace Octavo.ServingRuntime.Security;

/// <summary>A key that requests may bring. The key itself is not kept, only its digest.</summary>
/// <param name="Tenant">Whose it is. Several keys of one name are one tenant, so that a key can be rotated with both valid for a while.</param>
/// <param name="Digest">SHA-256 of the key's UTF-8 bytes.</param>
internal sealed record ApiKey(string Tenant, byte[] Digest)
{
    /// <param name="key">The key.</param>
    /// <param name="name">The tenant; null: the key is a tenant of its own, called by the first digits of its digest.</param>
    public static ApiKey Create(string key, string? name = null)
    {
        var digest = DigestOf(key);
        return new ApiKey(name ?? "key-" + Convert.ToHexStringLower(digest.AsSpan(0, 4)), digest);
    }

    public static byte[] DigestOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
