using Octavo.ServingRuntime.Fetch.Transfer;

namespace Octavo.ServingRuntime.Fetch.Sources;

/// <summary>
/// A place that holds a model's files. Calls may run at once. What fails for reasons that pass throws a <see cref="FetchException"/> that says so;
/// retrying is the caller's.
/// </summary>
internal interface IModelSource
{
    /// <summary>The URI for messages: without secrets.</summary>
    string Name { get; }

    /// <summary>The files that there are, of which the caller chooses; pinned, so that later reads see these or fail.</summary>
    Task<SourceListing> ListAsync(CancellationToken cancellationToken);

    /// <summary>Opens bytes from <paramref name="offset"/> to <paramref name="end"/> (exclusive; null: to the file's end).</summary>
    Task<RangeReply> OpenAsync(SourceFile file, long offset, long? end, CancellationToken cancellationToken);
}
