using System.Text.Json.Nodes;
using Octavo.KubernetesClient;

namespace Octavo.LocalCluster.Controllers;

/// <summary>A resource of the API as discovery describes it.</summary>
internal sealed record DiscoveredResource(string GroupVersion, string Plural, string Kind, bool Namespaced, IReadOnlyList<string> Verbs)
{
    public string Group => GroupVersion.Contains('/', StringComparison.Ordinal) ? GroupVersion[..GroupVersion.IndexOf('/', StringComparison.Ordinal)] : "";

    public bool Has(params string[] verbs) => verbs.All(v => Verbs.Contains(v, StringComparer.Ordinal));

    /// <summary>All resources of all groups, each in its preferred version and without subresources.</summary>
    public static async Task<IReadOnlyList<DiscoveredResource>> ReadAllAsync(IKubernetesClient client, CancellationToken cancellationToken)
    {
        var versions = new List<string> { "v1" };
        var groups = await client.SendAsync(HttpMethod.Get, "/apis", null, null, cancellationToken).ConfigureAwait(false);
        versions.AddRange((groups?["groups"]?.AsArray() ?? []).Select(g => g!["preferredVersion"]!["groupVersion"]!.GetValue<string>()));
        var result = new List<DiscoveredResource>();
        foreach (var version in versions)
        {
            try
            {
                var list = await client.SendAsync(HttpMethod.Get, version == "v1" ? "/api/v1" : $"/apis/{version}", null, null, cancellationToken).ConfigureAwait(false);
                result.AddRange((list?["resources"]?.AsArray() ?? []).Select(r => Read(version, r!.AsObject())).Where(r => !r.Plural.Contains('/', StringComparison.Ordinal)));
            }
            catch (KubernetesException exception) when (exception.IsNotFound)
            {
                // The group went away between the two questions.
            }
        }

        return result;
    }

    private static DiscoveredResource Read(string version, JsonObject resource) => new(
        version,
        resource["name"]!.GetValue<string>(),
        resource["kind"]!.GetValue<string>(),
        resource["namespaced"]!.GetValue<bool>(),
        [.. (resource["verbs"]?.AsArray() ?? []).Select(v => v!.GetValue<string>())]);
}
