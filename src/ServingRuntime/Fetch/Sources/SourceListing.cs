namespace Octavo.ServingRuntime.Fetch.Sources;

/// <param name="Revision">What the source calls this state: a commit, a digest; null where it has no name.</param>
/// <param name="Files">The files, paths relative to the model's folder.</param>
/// <param name="NamedWeights">The file of weights that the URI names (GGUF); null: the checkpoint's own.</param>
internal sealed record SourceListing(string? Revision, IReadOnlyList<SourceFile> Files, string? NamedWeights = null);
