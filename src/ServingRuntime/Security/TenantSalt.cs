using System.Security.Cryptography;
using System.Text;

namespace Octavo.ServingRuntime.Security;

/// <summary>
/// Keeps tenants' cached prefixes apart: a salt that only the server can derive goes into the hash of every request's first block, so that nobody learns by
/// timing what another tenant has asked (PromptPeek, NDSS'25). A salt that the client sends parts a tenant's cache further; alone it would isolate nothing.
/// </summary>
internal sealed class TenantSalt(bool sharePrefixCache)
{
    /// <summary>Of the process: cached blocks do not outlive it.</summary>
    private readonly byte[] secret = RandomNumberGenerator.GetBytes(32);

    /// <returns>Null where neither tenant nor client keeps prefixes apart.</returns>
    public string? For(string? tenant, string? clientSalt)
    {
        if (tenant is null || sharePrefixCache)
        {
            return clientSalt;
        }

        var own = Convert.ToBase64String(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(tenant)));
        return clientSalt is null ? own : own + ":" + clientSalt;
    }
}
