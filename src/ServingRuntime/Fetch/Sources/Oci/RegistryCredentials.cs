using System.Text;
using System.Text.Json;
using Octavo.ServingContract;

namespace Octavo.ServingRuntime.Fetch.Sources.Oci;

/// <summary>
/// User and password for a registry: OCI_USERNAME and OCI_PASSWORD, or what a Docker configuration holds for it: the variable .dockerconfigjson (a Secret
/// of that type read as environment), $DOCKER_CONFIG/config.json, ~/.docker/config.json.
/// </summary>
internal static class RegistryCredentials
{
    /// <summary>"user:password" in base64, as Basic sends it; null: none.</summary>
    /// <exception cref="FetchException">The configuration cannot be read.</exception>
    public static string? Find(string registry, FetchEnvironment environment)
    {
        if (environment.Variable("OCI_USERNAME") is { } user && environment.Variable("OCI_PASSWORD") is { } password)
        {
            return Encode($"{user}:{password.Trim()}");
        }

        if (environment.Variable(".dockerconfigjson") is { } json)
        {
            return FromConfiguration(json, registry);
        }

        var folder = environment.Variable("DOCKER_CONFIG") ?? (environment.Variable("HOME") is { } home ? Path.Combine(home, ".docker") : null);
        return folder is not null && Path.Combine(folder, "config.json") is var path && File.Exists(path) ? FromConfiguration(TokenFile.Read(path), registry) : null;
    }

    private static string? FromConfiguration(string json, string registry)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (!document.RootElement.TryGetProperty("auths", out var auths))
            {
                return null;
            }

            foreach (var entry in auths.EnumerateObject().Where(e => Names(e.Name, registry)))
            {
                if (entry.Value.TryGetProperty("auth", out var auth) && auth.GetString() is { Length: > 0 } encoded)
                {
                    return encoded;
                }

                if (entry.Value.TryGetProperty("username", out var user) && entry.Value.TryGetProperty("password", out var password))
                {
                    return Encode($"{user.GetString()}:{password.GetString()}");
                }
            }

            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FetchException(FetchExitCode.Unauthorized, "The Docker configuration with the registry's credentials is malformed.", e);
        }
    }

    /// <summary>Whether a configuration's key, a host or an old-fashioned URL, means the registry.</summary>
    private static bool Names(string key, string registry)
    {
        var host = key.Contains("://", StringComparison.Ordinal) ? key[(key.IndexOf("://", StringComparison.Ordinal) + 3)..] : key;
        host = host.Split('/')[0];
        return host == registry || (registry == "docker.io" && host is "index.docker.io" or "registry-1.docker.io");
    }

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
