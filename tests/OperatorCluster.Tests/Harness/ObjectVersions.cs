using Octavo.KubernetesClient;

namespace Octavo.OperatorCluster.Tests.Harness;

/// <summary>The resource versions of everything that an operator may write, leases left out: two equal readings are time without a write.</summary>
internal static class ObjectVersions
{
    private static readonly string[] Kinds =
    [
        "/apis/serving.octavo.dev/v1alpha1/inferenceservices", "/apis/apps/v1/deployments", "/apis/apps/v1/replicasets", "/apis/apps/v1/controllerrevisions",
        "/api/v1/pods", "/api/v1/services", "/api/v1/persistentvolumeclaims", "/api/v1/events", "/apis/batch/v1/jobs",
    ];

    public static async Task<SortedDictionary<string, string>> ReadAsync(IKubernetesClient client, CancellationToken cancellationToken)
    {
        var versions = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var kind in Kinds)
        {
            var list = await client.SendAsync(HttpMethod.Get, kind, null, null, cancellationToken);
            foreach (var metadata in list!["items"]!.AsArray().Select(i => i!["metadata"]!))
            {
                versions[$"{kind[(kind.LastIndexOf('/') + 1)..]} {metadata["namespace"]}/{metadata["name"]}"] = metadata["resourceVersion"]!.GetValue<string>();
            }
        }

        return versions;
    }

    /// <summary>What changed in a while in which nobody asked for anything.</summary>
    public static async Task<IReadOnlyList<string>> ChangesDuringAsync(IKubernetesClient client, TimeSpan length, CancellationToken cancellationToken)
    {
        var before = await ReadAsync(client, cancellationToken);
        await Task.Delay(length, TimeProvider.System, cancellationToken);
        return Changes(before, await ReadAsync(client, cancellationToken));
    }

    /// <summary>What changed between two readings, one line each.</summary>
    public static IReadOnlyList<string> Changes(SortedDictionary<string, string> before, SortedDictionary<string, string> after) =>
    [
        .. after.Where(a => !before.TryGetValue(a.Key, out var version) || version != a.Value).Select(a => $"{a.Key} written: {before.GetValueOrDefault(a.Key) ?? "absent"} → {a.Value}"),
        .. before.Keys.Except(after.Keys).Select(k => $"{k} gone"),
    ];
}
