using System.Text.Json.Nodes;
using Octavo.ControllerRuntime;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers;

/// <summary>
/// Binds every PersistentVolumeClaim at once to a volume made for it: here each claim is a folder of the node, so any size and access mode is to be had.
/// Claims that name a volume are left to whoever made that. Keys without a namespace are volumes whose claim is gone.
/// </summary>
internal sealed class ClaimBinder : QueueController
{
    private readonly IKubernetesClient client;
    private readonly ClusterInformers informers;

    public ClaimBinder(IKubernetesClient client, ClusterInformers informers, TimeProvider time, ILogger logger)
        : base("claim-binder", time, logger)
    {
        this.client = client;
        this.informers = informers;
        informers.Claims.AddEventHandler(c => Queue.Add(NamespacedName.Of(c)), (_, c) => Queue.Add(NamespacedName.Of(c)), c => Queue.Add(new NamespacedName(null, VolumeOf(c))));
    }

    protected override async Task<TimeSpan?> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (key.Namespace is null)
        {
            await DeleteVolumeAsync(key.Name, cancellationToken).ConfigureAwait(false);
            return null;
        }

        if (informers.Claims.Lister.Get(key) is not { Metadata.DeletionTimestamp: null } claim || claim.Status?.Phase == "Bound")
        {
            return null;
        }

        var volume = VolumeOf(claim);
        if (string.IsNullOrEmpty(claim.Spec?.VolumeName))
        {
            await CreateVolumeAsync(claim, volume, cancellationToken).ConfigureAwait(false);
            var patch = new JsonObject { ["metadata"] = new JsonObject { ["uid"] = claim.Metadata.Uid }, ["spec"] = new JsonObject { ["volumeName"] = volume } };
            claim = await client.PatchAsync<V1PersistentVolumeClaim>(key.Name, key.Namespace, new V1Patch(patch, V1PatchType.MergePatch), null, Write, cancellationToken).ConfigureAwait(false);
        }
        else if (claim.Spec.VolumeName != volume)
        {
            return null;
        }

        await client.UpdateStatusAsync(
            claim with { Status = (claim.Status ?? new V1PersistentVolumeClaimStatus()) with { Phase = "Bound", AccessModes = claim.Spec!.AccessModes, Capacity = claim.Spec.Resources?.Requests } },
            Write, cancellationToken).ConfigureAwait(false);
        return null;
    }

    private static string VolumeOf(V1PersistentVolumeClaim claim) => $"pvc-{claim.Metadata.Uid}";

    private async Task DeleteVolumeAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await client.SendAsync(HttpMethod.Delete, $"/api/v1/persistentvolumes/{name}", null, null, cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException exception) when (exception.IsNotFound)
        {
            // It was never made.
        }
    }

    private async Task CreateVolumeAsync(V1PersistentVolumeClaim claim, string name, CancellationToken cancellationToken)
    {
        var volume = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "PersistentVolume",
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["annotations"] = new JsonObject { ["pv.kubernetes.io/provisioned-by"] = "octavo.dev/process-node" },
            },
            ["spec"] = new JsonObject
            {
                ["capacity"] = new JsonObject { ["storage"] = claim.Spec?.Resources?.Requests?.GetValueOrDefault("storage") ?? "1Gi" },
                ["accessModes"] = new JsonArray([.. (claim.Spec?.AccessModes ?? ["ReadWriteOnce"]).Select(m => (JsonNode)m)]),
                ["persistentVolumeReclaimPolicy"] = "Delete",
                ["storageClassName"] = claim.Spec?.StorageClassName,
                ["claimRef"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "PersistentVolumeClaim", ["namespace"] = claim.Metadata.NamespaceProperty, ["name"] = claim.Metadata.Name, ["uid"] = claim.Metadata.Uid },
                ["hostPath"] = new JsonObject { ["path"] = $"/var/lib/octavo/claims/{claim.Metadata.NamespaceProperty}/{claim.Metadata.Name}" },
            },
        };
        try
        {
            await client.SendAsync(HttpMethod.Post, $"/api/v1/persistentvolumes?fieldManager={FieldManager}", volume, null, cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException exception) when (exception.IsAlreadyExists)
        {
            // An earlier attempt got this far.
        }
    }
}
