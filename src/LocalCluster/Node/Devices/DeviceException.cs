namespace Octavo.LocalCluster.Node.Devices;

/// <summary>The node has not the devices that a pod was bound for; in the kubelet's words.</summary>
internal sealed class DeviceException(string message) : Exception(message);
