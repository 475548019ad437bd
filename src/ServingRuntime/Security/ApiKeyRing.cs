using System.Security.Cryptography;

namespace Octavo.ServingRuntime.Security;

/// <summary>The keys that are valid now: those of the command line, and those of a file that may change. Safe to use from several threads.</summary>
internal sealed class ApiKeyRing
{
    private const string Scheme = "Bearer ";

    private readonly ApiKey[] fixedKeys;
    private readonly string? file;
    private byte[] fileDigest = [];
    private volatile ApiKey[] keys;

    /// <param name="given">Keys that never change.</param>
    /// <param name="file">A file of keys (<see cref="ApiKeyFile"/>), or null.</param>
    /// <exception cref="InvalidDataException">The file holds no keys.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public ApiKeyRing(IReadOnlyList<string> given, string? file)
    {
        this.file = file;
        fixedKeys = [.. given.Select(key => ApiKey.Create(key))];
        keys = fixedKeys;
        Reload();
    }

    /// <summary>Whether a request needs a key. Fixed at the start: no change of the file ever opens the server.</summary>
    public bool IsRequired => fixedKeys.Length > 0 || file is not null;

    public string? File => file;

    public int Count => keys.Length;

    /// <summary>Reads the file again where its content has changed. Content is compared, since a mounted Secret changes by links that no time of change betrays.</summary>
    /// <returns>Whether there are new keys.</returns>
    /// <exception cref="InvalidDataException">It holds no keys; the old ones stay.</exception>
    /// <exception cref="IOException">It cannot be read; the old keys stay.</exception>
    public bool Reload()
    {
        if (file is null)
        {
            return false;
        }

        var content = ApiKeyFile.Read(file);
        var digest = SHA256.HashData(content);
        if (digest.AsSpan().SequenceEqual(fileDigest))
        {
            return false;
        }

        keys = [.. fixedKeys, .. ApiKeyFile.Parse(content)];
        fileDigest = digest;
        return true;
    }

    /// <summary>The key that an Authorization header brings, or null. Digests are compared in constant time over all keys.</summary>
    public ApiKey? Find(string authorization)
    {
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var given = ApiKey.DigestOf(authorization[Scheme.Length..].Trim());
        ApiKey? found = null;
        foreach (var key in keys)
        {
            var equal = CryptographicOperations.FixedTimeEquals(key.Digest, given);
            found = equal ? found ?? key : found;
        }

        return found;
    }
}
