using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Tests.Resources;

/// <summary>The restricted pod security standard, as far as fields that our pods could have are concerned (kubernetes.io, "Pod Security Standards").</summary>
internal static class PodSecurityStandard
{
    private static readonly HashSet<string> AllowedVolumes = new(StringComparer.Ordinal) { "emptyDir", "persistentVolumeClaim", "configMap", "secret", "projected", "downwardAPI" };

    public static IEnumerable<string> Violations(V1PodSpec pod)
    {
        if (pod.HostNetwork == true || pod.HostPID == true || pod.HostIPC == true)
        {
            yield return "host namespaces";
        }

        foreach (var volume in pod.Volumes ?? [])
        {
            var node = KubernetesClient.KubernetesJson.ToNode(volume).AsObject();
            foreach (var kind in node.Select(m => m.Key).Where(k => k != "name" && !AllowedVolumes.Contains(k)))
            {
                yield return $"volume {volume.Name} of kind {kind}";
            }
        }

        foreach (var container in (pod.InitContainers ?? []).Concat(pod.Containers ?? []))
        {
            var security = container.SecurityContext ?? new V1SecurityContext();
            if (security.Privileged == true || security.AllowPrivilegeEscalation != false)
            {
                yield return $"{container.Name} may gain privileges";
            }

            if (security.Capabilities?.Drop?.Contains("ALL") != true || security.Capabilities.Add is { Count: > 0 })
            {
                yield return $"{container.Name} has capabilities";
            }

            if ((security.RunAsNonRoot ?? pod.SecurityContext?.RunAsNonRoot) != true || (security.RunAsUser ?? pod.SecurityContext?.RunAsUser) == 0)
            {
                yield return $"{container.Name} may run as root";
            }

            if ((security.SeccompProfile ?? pod.SecurityContext?.SeccompProfile)?.Type is not ("RuntimeDefault" or "Localhost"))
            {
                yield return $"{container.Name} has no seccomp profile";
            }

            if ((container.Ports ?? []).Any(p => p.HostPort is > 0))
            {
                yield return $"{container.Name} has a port of the host";
            }

            if (new[] { container.LivenessProbe?.HttpGet?.Host, container.ReadinessProbe?.HttpGet?.Host, container.StartupProbe?.HttpGet?.Host }.Any(h => h is { Length: > 0 }))
            {
                yield return $"{container.Name} has a probe of another host";
            }
        }
    }
}
