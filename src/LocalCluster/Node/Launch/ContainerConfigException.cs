namespace Octavo.LocalCluster.Node.Launch;

/// <summary>A container cannot be started as its pod says; <see cref="Reason"/> is the kubelet's word for it.</summary>
internal sealed class ContainerConfigException(string reason, string message) : Exception(message)
{
    /// <summary>Such as CreateContainerConfigError, StartError or ErrImagePull.</summary>
    public string Reason { get; } = reason;
}
