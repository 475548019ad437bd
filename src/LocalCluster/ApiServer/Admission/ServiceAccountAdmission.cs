using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Rest;
using Octavo.LocalCluster.ApiServer.Storage;

namespace Octavo.LocalCluster.ApiServer.Admission;

/// <summary>Pods run as a ServiceAccount, which must exist, and see its token, the cluster's CA and their namespace in a volume.</summary>
internal sealed class ServiceAccountAdmission(ObjectStore store)
{
    private const string MountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
    private static readonly GroupResource ServiceAccounts = new("", "serviceaccounts");

    public void MutatePod(ResourceRequest request, JsonObject pod)
    {
        if (pod["spec"] is not JsonObject spec)
        {
            return;
        }

        var name = spec["serviceAccountName"]?.ToString() is { Length: > 0 } named ? named : "default";
        spec["serviceAccountName"] = name;
        spec["serviceAccount"] = name;
        if (pod["metadata"]?["annotations"]?["kubernetes.io/config.mirror"] is not null)
        {
            return;
        }

        var account = store.Get(ServiceAccounts, request.Namespace, name) ?? throw ApiErrors.Forbidden(
            "", "pods", Metadata.Text(pod, "name"),
            $"error looking up service account {request.Namespace}/{name}: serviceaccount \"{name}\" not found");
        if (spec["imagePullSecrets"] is not JsonArray { Count: > 0 } && account.Value["imagePullSecrets"] is JsonArray { Count: > 0 } secrets)
        {
            spec["imagePullSecrets"] = secrets.DeepClone();
        }

        var mounts = (spec["automountServiceAccountToken"] ?? account.Value["automountServiceAccountToken"])?.GetValue<bool>() ?? true;
        if (mounts)
        {
            MountToken(spec);
        }
    }

    private static void MountToken(JsonObject spec)
    {
        var volumeName = $"kube-api-access-{Metadata.RandomSuffix()}";
        var used = false;
        foreach (var list in (string[])["initContainers", "containers"])
        {
            foreach (var container in (spec[list] as JsonArray ?? []).OfType<JsonObject>())
            {
                if (container["volumeMounts"] is not JsonArray mounts)
                {
                    container["volumeMounts"] = mounts = [];
                }

                if (!mounts.Any(m => m?["mountPath"]?.ToString() == MountPath))
                {
                    mounts.Add((JsonNode)new JsonObject { ["name"] = volumeName, ["readOnly"] = true, ["mountPath"] = MountPath });
                    used = true;
                }
            }
        }

        if (!used)
        {
            return;
        }

        if (spec["volumes"] is not JsonArray volumes)
        {
            spec["volumes"] = volumes = [];
        }

        volumes.Add((JsonNode)new JsonObject
        {
            ["name"] = volumeName,
            ["projected"] = new JsonObject
            {
                ["sources"] = new JsonArray(
                    new JsonObject { ["serviceAccountToken"] = new JsonObject { ["expirationSeconds"] = 3607, ["path"] = "token" } },
                    new JsonObject
                    {
                        ["configMap"] = new JsonObject
                        {
                            ["name"] = "kube-root-ca.crt",
                            ["items"] = new JsonArray(new JsonObject { ["key"] = "ca.crt", ["path"] = "ca.crt" }),
                        },
                    },
                    new JsonObject
                    {
                        ["downwardAPI"] = new JsonObject
                        {
                            ["items"] = new JsonArray(new JsonObject
                            {
                                ["path"] = "namespace",
                                ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = "metadata.namespace" },
                            }),
                        },
                    }),
                ["defaultMode"] = 420,
            },
        });
    }
}
