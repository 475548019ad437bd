namespace Octavo.KubernetesClient;

/// <summary>Who has set a field, as the API server keeps it in metadata.managedFields.</summary>
/// <param name="Manager">The name under which it was written: kubectl-client-side-apply, kube-controller-manager.</param>
/// <param name="IsApply">By server-side apply; else by a create, update or patch.</param>
/// <param name="Subresource">"status" or "scale" where it was written through one, else null.</param>
public sealed record FieldOwner(string Manager, bool IsApply, string? Subresource);
