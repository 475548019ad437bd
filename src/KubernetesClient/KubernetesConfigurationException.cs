namespace Octavo.KubernetesClient;

/// <summary>The configuration or the credentials for a cluster cannot be used; the message says which file or plugin and why.</summary>
public sealed class KubernetesConfigurationException(string message, Exception? inner = null) : Exception(message, inner);
