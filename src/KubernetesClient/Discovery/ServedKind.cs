namespace Octavo.KubernetesClient.Discovery;

/// <summary>A kind that the server serves, and the word that stands for it in paths.</summary>
public sealed record ServedKind(string Kind, string Plural, bool Namespaced);
