using System.Security.Cryptography;
using System.Text;

namespace Octavo.ServingContract;

/// <summary>Where <c>octavo-serve fetch</c> publishes a model in a cache, known to the operator without asking it.</summary>
public static class ModelCachePath
{
    /// <summary>Where the operator mounts the cache volume.</summary>
    public const string MountPath = "/var/cache/octavo/models";

    /// <summary>Where the operator mounts the claim of a <c>pvc://claim/path</c>, or the image of an <c>image://reference</c>.</summary>
    public const string ClaimMountPath = "/var/lib/octavo/models";

    private const int MaxSlugLength = 48;
    private const int HashBytes = 10;

    /// <summary>
    /// Name of the folder in the cache: readable, then a hash of the URI as written (with its revision) and of the digest that it must have.
    /// </summary>
    /// <param name="uri">The model's URI.</param>
    /// <param name="sha256">The digest that is asked for; null: none.</param>
    public static string EntryName(string uri, string? sha256)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{uri}\n{sha256?.ToLowerInvariant()}"));
        return $"{Slug(uri)}-{Convert.ToHexStringLower(hash.AsSpan(0, HashBytes))}";
    }

    /// <summary>The last part of the path, without query, in letters that need no quoting anywhere.</summary>
    private static string Slug(string uri)
    {
        var path = uri.Split('?', '#')[0].TrimEnd('/');
        var last = path[(path.LastIndexOf('/') + 1)..];
        var letters = last.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '-').Take(MaxSlugLength).ToArray();
        var slug = new string(letters).Trim('-', '.');
        return slug.Length > 0 ? slug : "model";
    }
}
