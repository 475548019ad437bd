using System.Text;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Node.Launch;

/// <summary>A container's environment, before path rewriting: envFrom first, then env in order, each value expanded with what stands before it.</summary>
internal static class EnvironmentBuilder
{
    private const string ConfigError = "CreateContainerConfigError";

    /// <summary>Throws <see cref="ContainerConfigException"/> for a reference that cannot be resolved and is not optional.</summary>
    public static IReadOnlyDictionary<string, string> Build(V1Container container, DownwardApi downward, ConfigSources sources)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var from in container.EnvFrom ?? [])
        {
            foreach (var (key, value) in ReadAll(from, sources))
            {
                result[from.Prefix + key] = value;
            }
        }

        foreach (var variable in container.Env ?? [])
        {
            var value = variable.ValueFrom is { } source
                ? Read(source, container, downward, sources)
                : VariableExpansion.Expand(variable.Value ?? "", result);
            if (value is not null)
            {
                result[variable.Name] = value;
            }
        }

        return result;
    }

    private static string? Read(V1EnvVarSource source, V1Container container, DownwardApi downward, ConfigSources sources)
    {
        var ns = downward.Pod.Metadata.NamespaceProperty;
        switch (source)
        {
            case { FieldRef: { } field }:
                return downward.Field(field.FieldPath);
            case { ResourceFieldRef: { } resource }:
                return downward.Resource(resource, container);
            case { ConfigMapKeyRef: { } reference }:
                if (!sources.ConfigMaps.TryGetValue(reference.Name ?? "", out var map))
                {
                    return reference.Optional == true ? null : throw new ContainerConfigException(ConfigError, $"configmap \"{reference.Name}\" not found");
                }

                return map.Data?.GetValueOrDefault(reference.Key)
                    ?? (reference.Optional == true ? null : throw new ContainerConfigException(ConfigError, $"couldn't find key {reference.Key} in ConfigMap {ns}/{reference.Name}"));
            case { SecretKeyRef: { } reference }:
                if (!sources.Secrets.TryGetValue(reference.Name ?? "", out var secret))
                {
                    return reference.Optional == true ? null : throw new ContainerConfigException(ConfigError, $"secret \"{reference.Name}\" not found");
                }

                return secret.Data?.GetValueOrDefault(reference.Key) is { } bytes
                    ? Encoding.UTF8.GetString(bytes)
                    : reference.Optional == true ? null : throw new ContainerConfigException(ConfigError, $"couldn't find key {reference.Key} in Secret {ns}/{reference.Name}");
            default:
                throw new ContainerConfigException(ConfigError, "a valueFrom of this kind is not supported by the process node");
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> ReadAll(V1EnvFromSource from, ConfigSources sources)
    {
        if (from.ConfigMapRef is { } configMap)
        {
            return sources.ConfigMaps.TryGetValue(configMap.Name ?? "", out var map)
                ? map.Data ?? new Dictionary<string, string>()
                : configMap.Optional == true ? [] : throw new ContainerConfigException(ConfigError, $"configmap \"{configMap.Name}\" not found");
        }

        if (from.SecretRef is { } reference)
        {
            return sources.Secrets.TryGetValue(reference.Name ?? "", out var secret)
                ? (secret.Data ?? new Dictionary<string, byte[]>()).Select(e => KeyValuePair.Create(e.Key, Encoding.UTF8.GetString(e.Value)))
                : reference.Optional == true ? [] : throw new ContainerConfigException(ConfigError, $"secret \"{reference.Name}\" not found");
        }

        return [];
    }
}
