namespace Octavo.LocalCluster.ApiServer.ServerSideApply;

/// <summary>A field that an apply would change although somebody else owns it.</summary>
/// <param name="Manager">The other manager, as conflicts print it.</param>
/// <param name="Path">The field, as conflicts print it.</param>
/// <param name="Field">The field.</param>
internal sealed record ApplyConflict(string Manager, string Path, IReadOnlyList<PathElement> Field);
