namespace Octavo.Operator.Permissions;

/// <summary>
/// A right that a feature needs. The roles of every way of installing are written from these rows (<c>make manifests</c>), and a test compares them with what is
/// asked of an API server: nothing missing, nothing too much.
/// </summary>
/// <param name="Group">The API group; empty for the core group.</param>
/// <param name="Resource">The plural, with a subresource as in "inferenceservices/status".</param>
/// <param name="Verbs">With spaces between. Server-side apply is a patch, and a create where the object does not exist.</param>
/// <param name="Why">For who reads the role; no line breaks.</param>
internal sealed record Permission(string Group, string Resource, string Verbs, string Why)
{
    public PermissionScope Scope { get; init; }
}
