using System.Globalization;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Deployments;

/// <summary>The annotations by which the controller remembers things on deployments and replica sets.</summary>
internal static class DeploymentAnnotations
{
    public const string Revision = "deployment.kubernetes.io/revision";
    public const string DesiredReplicas = "deployment.kubernetes.io/desired-replicas";
    public const string MaxReplicas = "deployment.kubernetes.io/max-replicas";

    private static readonly string[] NotCopied =
        [Revision, DesiredReplicas, MaxReplicas, "deployment.kubernetes.io/revision-history", "kubectl.kubernetes.io/last-applied-configuration", "deprecated.deployment.rollback.to"];

    public static int Number(IKubernetesObject entity, string annotation) =>
        entity.Metadata.Annotations?.GetValueOrDefault(annotation) is { } text && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>The annotations of a replica set: the deployment's own ones and what the controller remembers.</summary>
    public static Dictionary<string, string> ForReplicaSet(V1Deployment deployment, IReadOnlyDictionary<string, string>? existing, int? revision, int maxReplicas)
    {
        var result = new Dictionary<string, string>(existing ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        if (revision is not null)
        {
            foreach (var (name, value) in deployment.Metadata.Annotations ?? new Dictionary<string, string>())
            {
                if (!NotCopied.Contains(name, StringComparer.Ordinal))
                {
                    result[name] = value;
                }
            }

            result[Revision] = revision.Value.ToString(CultureInfo.InvariantCulture);
        }

        result[DesiredReplicas] = (deployment.Spec?.Replicas ?? 1).ToString(CultureInfo.InvariantCulture);
        result[MaxReplicas] = maxReplicas.ToString(CultureInfo.InvariantCulture);
        return result;
    }
}
