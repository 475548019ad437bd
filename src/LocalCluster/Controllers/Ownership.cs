using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers;

/// <summary>Who controls what, and how an orphan is taken in.</summary>
internal static class Ownership
{
    public static V1OwnerReference? ControllerOf(IKubernetesObject entity) => entity.Metadata.OwnerReferences?.FirstOrDefault(o => o.Controller == true);

    public static bool IsControlledBy(IKubernetesObject entity, IKubernetesObject owner) => ControllerOf(entity)?.Uid == owner.Metadata.Uid;

    public static V1OwnerReference ReferenceTo(IKubernetesObject owner, string apiVersion, string kind) => new()
    {
        ApiVersion = apiVersion,
        Kind = kind,
        Name = owner.Metadata.Name!,
        Uid = owner.Metadata.Uid!,
        Controller = true,
        BlockOwnerDeletion = true,
    };

    /// <summary>Makes <paramref name="owner"/> the controller of an orphan; the uid in the patch guards against an object made again under the name.</summary>
    public static Task<T> AdoptAsync<T>(IKubernetesClient client, T orphan, V1OwnerReference owner, WriteOptions write, CancellationToken cancellationToken) where T : class, IKubernetesObject
    {
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["uid"] = orphan.Metadata.Uid,
                ["ownerReferences"] = new JsonArray(KubernetesJson.ToNode(owner)),
            },
        };
        return client.PatchAsync<T>(orphan.Metadata.Name!, orphan.Metadata.NamespaceProperty, new V1Patch(patch, V1PatchType.StrategicMergePatch), null, write, cancellationToken);
    }
}
