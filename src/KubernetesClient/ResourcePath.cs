using System.Text;

namespace Octavo.KubernetesClient;

/// <summary>Paths and queries of the API.</summary>
public static class ResourcePath
{
    /// <summary>
    /// Path of a collection (no name), an object or a subresource. Throws <see cref="ArgumentException"/> for an object of a namespaced kind
    /// without a namespace.
    /// </summary>
    public static string For<T>(string? namespaceName, string? name = null, string? subresource = null)
    {
        var entity = KubernetesEntityAttribute.Of<T>();
        if (name is not null && entity.Namespaced && string.IsNullOrEmpty(namespaceName))
        {
            throw new ArgumentException($"{entity.Kind} '{name}' needs a namespace", nameof(namespaceName));
        }

        return For(entity.GroupVersion, entity.PluralName, entity.Namespaced ? namespaceName : null, name, subresource);
    }

    /// <summary>The same for a kind known only by words; a null namespace makes a cluster-wide path.</summary>
    public static string For(string groupVersion, string plural, string? namespaceName, string? name = null, string? subresource = null)
    {
        var path = new StringBuilder(Root(groupVersion));
        if (!string.IsNullOrEmpty(namespaceName))
        {
            path.Append("/namespaces/").Append(Uri.EscapeDataString(namespaceName));
        }

        path.Append('/').Append(plural);
        if (name is not null)
        {
            // An empty name would turn a delete of one object into a delete of the collection.
            ArgumentException.ThrowIfNullOrEmpty(name);
            path.Append('/').Append(Uri.EscapeDataString(name));
        }

        return subresource is null ? path.ToString() : path.Append('/').Append(subresource).ToString();
    }

    /// <summary>"/api/v1" or "/apis/group/version".</summary>
    public static string Root(string groupVersion) => groupVersion.Contains('/') ? $"/apis/{groupVersion}" : $"/api/{groupVersion}";

    /// <summary>Appends the pairs whose value is not null.</summary>
    internal static string WithQuery(string path, params ReadOnlySpan<(string Name, string? Value)> query)
    {
        var builder = new StringBuilder(path);
        var separator = '?';
        foreach (var (name, value) in query)
        {
            if (value is null)
            {
                continue;
            }

            builder.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
            separator = '&';
        }

        return builder.ToString();
    }
}
