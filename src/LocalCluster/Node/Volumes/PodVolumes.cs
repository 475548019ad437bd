using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Node.Launch;

namespace Octavo.LocalCluster.Node.Volumes;

/// <summary>A pod's volumes as folders below <paramref name="podFolder"/>; claims live below <paramref name="claimsFolder"/> and outlive the pod.</summary>
internal sealed class PodVolumes(IKubernetesClient client, DownwardApi downward, ImageStore images, string podFolder, string claimsFolder)
{
    private readonly string namespaceName = downward.Pod.Metadata.NamespaceProperty ?? "default";

    /// <summary>Host folder (or file, for a hostPath) of each volume by name; throws <see cref="VolumeException"/> where one is not there yet.</summary>
    public async Task<IReadOnlyDictionary<string, string>> SetUpAsync(CancellationToken cancellationToken)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var volume in downward.Pod.Spec?.Volumes ?? [])
        {
            result[volume.Name] = await SetUpAsync(volume, cancellationToken).ConfigureAwait(false);
        }

        return result;
    }

    /// <summary>Container path to host path of a container's mounts; creates the folder of a subPath in it.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Mounts(V1Container container, IReadOnlyDictionary<string, string> volumes, IReadOnlyDictionary<string, string> environment)
    {
        foreach (var mount in container.VolumeMounts ?? [])
        {
            if (!volumes.TryGetValue(mount.Name, out var host))
            {
                throw new ContainerConfigException("CreateContainerConfigError", $"volume \"{mount.Name}\" not found");
            }

            var sub = mount.SubPathExpr is { Length: > 0 } expression ? VariableExpansion.Expand(expression, environment) : mount.SubPath;
            if (sub is { Length: > 0 })
            {
                var full = Path.GetFullPath(sub, host);
                if (!full.StartsWith(host + "/", StringComparison.Ordinal))
                {
                    throw new ContainerConfigException("CreateContainerConfigError", $"subPath \"{sub}\" leaves the volume");
                }

                if (!Path.Exists(full))
                {
                    Directory.CreateDirectory(full);
                }

                host = full;
            }

            yield return KeyValuePair.Create(mount.MountPath, host);
        }
    }

    private async Task<string> SetUpAsync(V1Volume volume, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(podFolder, "volumes", volume.Name);
        switch (volume)
        {
            case { HostPath: { } source }:
                return CheckHostPath(source);
            case { PersistentVolumeClaim: { } source }:
                return await ClaimAsync(source.ClaimName, cancellationToken).ConfigureAwait(false);
            case { EmptyDir: not null }:
                Directory.CreateDirectory(folder);
                return folder;
            case { ConfigMap: { } source }:
                VolumeFiles.Write(folder, await ConfigMapAsync(source.Name, source.Items, source.Optional == true, cancellationToken).ConfigureAwait(false));
                return folder;
            case { Secret: { } source }:
                VolumeFiles.Write(folder, await SecretAsync(source.SecretName, source.Items, source.Optional == true, cancellationToken).ConfigureAwait(false));
                return folder;
            case { Image: { } source }:
                return Image(source);
            case { DownwardAPI: { } source }:
                VolumeFiles.Write(folder, Downward(source.Items ?? []));
                return folder;
            case { Projected: { } source }:
                Directory.CreateDirectory(folder);
                foreach (var part in source.TryGetProperty("sources", out var sources) ? sources.EnumerateArray().ToList() : [])
                {
                    VolumeFiles.Write(folder, await ProjectedAsync(part, cancellationToken).ConfigureAwait(false));
                }

                return folder;
            default:
                throw new VolumeException($"volume \"{volume.Name}\": the process node has emptyDir, configMap, secret, downwardAPI, projected, hostPath, image and persistentVolumeClaim volumes, and none of another kind");
        }
    }

    /// <summary>The folder that stands for the image's files; read-only by contract, which nothing here enforces.</summary>
    private string Image(V1ImageVolumeSource source)
    {
        var reference = source.Reference ?? "";
        return images.Find(reference)?.Root ?? throw new VolumeException(
            $"Failed to pull image \"{reference}\": no folder is mapped to \"{ImageMapping.WithoutTag(reference)}\" on this node; start it with --image {ImageMapping.WithoutTag(reference)}=/path/to/folder");
    }

    private static string CheckHostPath(V1HostPathVolumeSource source)
    {
        var exists = source.Type switch
        {
            "Directory" => Directory.Exists(source.Path),
            "File" => File.Exists(source.Path),
            _ => true,
        };
        if (!exists)
        {
            throw new VolumeException($"hostPath type check failed: {source.Path} is not a {source.Type!.ToLowerInvariant()}");
        }

        if (source.Type == "DirectoryOrCreate")
        {
            Directory.CreateDirectory(source.Path);
        }

        return Path.TrimEndingDirectorySeparator(source.Path);
    }

    private async Task<string> ClaimAsync(string name, CancellationToken cancellationToken)
    {
        if (await client.FindAsync<V1PersistentVolumeClaim>(name, namespaceName, cancellationToken).ConfigureAwait(false) is not { } claim)
        {
            throw new VolumeException($"persistentvolumeclaim \"{name}\" not found");
        }

        if (claim.Status?.Phase != "Bound")
        {
            throw new VolumeException($"persistentvolumeclaim \"{name}\" is not bound");
        }

        var folder = Path.Combine(claimsFolder, namespaceName, name);
        Directory.CreateDirectory(folder);
        return folder;
    }

    private async Task<IReadOnlyDictionary<string, byte[]>> ConfigMapAsync(string? name, IReadOnlyList<V1KeyToPath>? items, bool optional, CancellationToken cancellationToken)
    {
        var map = await client.FindAsync<V1ConfigMap>(name ?? "", namespaceName, cancellationToken).ConfigureAwait(false);
        if (map is null)
        {
            return optional ? new Dictionary<string, byte[]>() : throw new VolumeException($"configmap \"{name}\" not found");
        }

        var data = new Dictionary<string, byte[]>(map.BinaryData ?? new Dictionary<string, byte[]>(), StringComparer.Ordinal);
        foreach (var (key, value) in map.Data ?? new Dictionary<string, string>())
        {
            data[key] = Encoding.UTF8.GetBytes(value);
        }

        return VolumeFiles.Select($"configmap {name}", data, items, optional);
    }

    private async Task<IReadOnlyDictionary<string, byte[]>> SecretAsync(string? name, IReadOnlyList<V1KeyToPath>? items, bool optional, CancellationToken cancellationToken)
    {
        var secret = await client.FindAsync<V1Secret>(name ?? "", namespaceName, cancellationToken).ConfigureAwait(false);
        return secret is not null ? VolumeFiles.Select($"secret {name}", secret.Data ?? new Dictionary<string, byte[]>(), items, optional)
            : optional ? new Dictionary<string, byte[]>()
            : throw new VolumeException($"secret \"{name}\" not found");
    }

    private Dictionary<string, byte[]> Downward(IReadOnlyList<V1DownwardAPIVolumeFile> items)
    {
        var first = downward.Pod.Spec?.Containers?.FirstOrDefault();
        return items.ToDictionary(
            i => i.Path,
            i => Encoding.UTF8.GetBytes(i.FieldRef is { } field ? downward.Field(field.FieldPath)
                : i.ResourceFieldRef is { } resource && first is not null ? downward.Resource(resource, first)
                : ""),
            StringComparer.Ordinal);
    }

    private async Task<IReadOnlyDictionary<string, byte[]>> ProjectedAsync(JsonElement part, CancellationToken cancellationToken)
    {
        if (part.TryGetProperty("configMap", out var configMap))
        {
            var source = configMap.Deserialize<V1ConfigMapVolumeSource>(KubernetesJson.Options)!;
            return await ConfigMapAsync(source.Name, source.Items, source.Optional == true, cancellationToken).ConfigureAwait(false);
        }

        if (part.TryGetProperty("secret", out var secret))
        {
            // A projected secret is named by "name", unlike the volume of that kind.
            var source = secret.Deserialize<V1ConfigMapVolumeSource>(KubernetesJson.Options)!;
            return await SecretAsync(source.Name, source.Items, source.Optional == true, cancellationToken).ConfigureAwait(false);
        }

        if (part.TryGetProperty("downwardAPI", out var fields))
        {
            return Downward(fields.Deserialize<V1DownwardAPIVolumeSource>(KubernetesJson.Options)!.Items ?? []);
        }

        return part.TryGetProperty("serviceAccountToken", out var token)
            ? await TokenAsync(token, cancellationToken).ConfigureAwait(false)
            : throw new VolumeException($"projected source {part} is not supported by the process node");
    }

    private async Task<IReadOnlyDictionary<string, byte[]>> TokenAsync(JsonElement source, CancellationToken cancellationToken)
    {
        var account = downward.Pod.Spec?.ServiceAccountName ?? "default";
        var spec = new JsonObject();
        if (source.TryGetProperty("audience", out var audience))
        {
            spec["audiences"] = new JsonArray(audience.GetString());
        }

        var request = new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenRequest", ["spec"] = spec };
        try
        {
            var answer = await client.SendAsync(HttpMethod.Post, $"/api/v1/namespaces/{namespaceName}/serviceaccounts/{account}/token", request, null, cancellationToken).ConfigureAwait(false);
            return new Dictionary<string, byte[]>
            {
                [source.GetProperty("path").GetString()!] = Encoding.UTF8.GetBytes(answer?["status"]?["token"]?.GetValue<string>() ?? ""),
            };
        }
        catch (KubernetesException exception) when (exception.IsNotFound || exception.StatusCode == System.Net.HttpStatusCode.MethodNotAllowed)
        {
            throw new VolumeException($"token of service account {account}: {exception.Message}");
        }
    }
}
