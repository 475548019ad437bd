using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Node.Pods;

/// <summary>A pod's whole status as a strategic patch, so that conditions of others stay. Pure.</summary>
internal static class PodStatusPatch
{
    /// <param name="pod">Its uid guards against another object under the name.</param>
    /// <param name="written">What was written before: a field that is not there any more is taken away.</param>
    public static V1Patch Build(V1Pod pod, JsonObject status, JsonObject? written)
    {
        var patch = status.DeepClone().AsObject();
        foreach (var (name, _) in written ?? [])
        {
            if (!status.ContainsKey(name))
            {
                patch[name] = null;
            }
        }

        foreach (var condition in patch["conditions"]!.AsArray())
        {
            // The same for a condition's reason and message, which come and go.
            foreach (var name in new[] { "reason", "message" })
            {
                if (!condition!.AsObject().ContainsKey(name))
                {
                    condition[name] = null;
                }
            }
        }

        return new V1Patch(new JsonObject { ["metadata"] = new JsonObject { ["uid"] = pod.Metadata.Uid }, ["status"] = patch }, V1PatchType.StrategicMergePatch);
    }
}
