namespace Octavo.LocalCluster.ApiServer.Http;

/// <summary>What a path under /api or /apis asks for, before anything is looked up.</summary>
/// <param name="Group">Empty for core.</param>
/// <param name="Namespace">Empty when the path names none.</param>
/// <param name="Name">Empty for a collection.</param>
/// <param name="Subresource">Empty for the object itself.</param>
/// <param name="Rest">What follows the subresource, without a leading slash, as in `proxy/metrics`.</param>
/// <param name="IsWatchPath">The old form with `watch` in the path.</param>
internal sealed record RequestInfo(
    string Group, string Version, string Namespace, string Resource, string Name, string Subresource, string Rest, bool IsWatchPath)
{
    /// <summary>Null when the path is no resource path.</summary>
    public static RequestInfo? Parse(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        string group, version;
        int at;
        if (parts.Length >= 3 && parts[0] == "api")
        {
            (group, version, at) = ("", parts[1], 2);
        }
        else if (parts.Length >= 4 && parts[0] == "apis")
        {
            (group, version, at) = (parts[1], parts[2], 3);
        }
        else
        {
            return null;
        }

        var watch = parts[at] == "watch" && parts.Length > at + 1;
        if (watch)
        {
            at++;
        }

        var ns = "";
        if (parts[at] == "namespaces" && parts.Length > at + 1)
        {
            // A namespace's own subresources have the same shape as a resource in it.
            var ownSubresource = parts.Length == at + 3 && group.Length == 0 && parts[at + 2] is "status" or "finalize";
            if (parts.Length == at + 2 || ownSubresource)
            {
                return new RequestInfo(group, version, parts[at + 1], "namespaces", parts[at + 1], Part(parts, at + 2), "", watch);
            }

            ns = parts[at + 1];
            at += 2;
        }

        var rest = parts.Length > at + 3 ? string.Join('/', parts[(at + 3)..]) : "";
        return new RequestInfo(group, version, ns, parts[at], Part(parts, at + 1), Part(parts, at + 2), rest, watch);
    }

    private static string Part(string[] parts, int index) => index < parts.Length ? parts[index] : "";
}
