using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Resources;

/// <summary>What the restricted pod security standard asks for, and a root file system that cannot be written.</summary>
internal static class PodSafety
{
    private const long NonRootUser = 65532;

    public static V1PodSecurityContext OfPod(PodTemplateInputs inputs) => new()
    {
        RunAsNonRoot = true,
        RunAsUser = NonRootUser,
        FsGroup = NonRootUser,
        // Else the kubelet changes the owner of every file of a large cache at every start.
        FsGroupChangePolicy = inputs.IsFirstRevision ? null : "OnRootMismatch",
        SeccompProfile = new V1SeccompProfile { Type = "RuntimeDefault" },
    };

    public static V1SecurityContext OfContainer() => new()
    {
        AllowPrivilegeEscalation = false,
        Capabilities = new V1Capabilities { Drop = ["ALL"] },
        ReadOnlyRootFilesystem = true,
    };
}
