namespace Octavo.LocalCluster.Node.Volumes;

/// <summary>A volume cannot be set up yet; the message goes into the FailedMount event.</summary>
internal sealed class VolumeException(string message) : Exception(message);
