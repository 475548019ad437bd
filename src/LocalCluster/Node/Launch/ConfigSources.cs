using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Node.Launch;

/// <summary>The ConfigMaps and Secrets that a container's environment refers to, read beforehand so that building it is pure.</summary>
internal sealed record ConfigSources(IReadOnlyDictionary<string, V1ConfigMap> ConfigMaps, IReadOnlyDictionary<string, V1Secret> Secrets)
{
    public static ConfigSources Empty { get; } = new(new Dictionary<string, V1ConfigMap>(), new Dictionary<string, V1Secret>());

    public static async Task<ConfigSources> ReadAsync(IKubernetesClient client, string namespaceName, V1Container container, CancellationToken cancellationToken)
    {
        var env = container.Env ?? [];
        var envFrom = container.EnvFrom ?? [];
        var configMaps = new Dictionary<string, V1ConfigMap>(StringComparer.Ordinal);
        foreach (var name in Names(env.Select(e => e.ValueFrom?.ConfigMapKeyRef?.Name).Concat(envFrom.Select(e => e.ConfigMapRef?.Name))))
        {
            if (await client.FindAsync<V1ConfigMap>(name, namespaceName, cancellationToken).ConfigureAwait(false) is { } found)
            {
                configMaps[name] = found;
            }
        }

        var secrets = new Dictionary<string, V1Secret>(StringComparer.Ordinal);
        foreach (var name in Names(env.Select(e => e.ValueFrom?.SecretKeyRef?.Name).Concat(envFrom.Select(e => e.SecretRef?.Name))))
        {
            if (await client.FindAsync<V1Secret>(name, namespaceName, cancellationToken).ConfigureAwait(false) is { } found)
            {
                secrets[name] = found;
            }
        }

        return new ConfigSources(configMaps, secrets);
    }

    private static IEnumerable<string> Names(IEnumerable<string?> names) => names.OfType<string>().Distinct(StringComparer.Ordinal);
}
