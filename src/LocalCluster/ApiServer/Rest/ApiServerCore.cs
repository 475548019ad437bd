using Octavo.LocalCluster.ApiServer.OpenApi;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Storage;

namespace Octavo.LocalCluster.ApiServer.Rest;

/// <summary>What every handler shares.</summary>
internal sealed class ApiServerCore(ApiServerOptions options, ResourceRegistry registry, ObjectStore store, OpenApiDocuments documents)
{
    public ApiServerOptions Options { get; } = options;

    public ResourceRegistry Registry { get; } = registry;

    public ObjectStore Store { get; } = store;

    public OpenApiDocuments Documents { get; } = documents;

    public TimeProvider Time { get; } = options.TimeProvider;

    /// <summary>Ends long requests when the server stops.</summary>
    public CancellationTokenSource Stopping { get; } = new();

    /// <summary>Now, as metadata holds it: RFC 3339 in whole seconds.</summary>
    public string Timestamp(TimeSpan offset = default) =>
        (Time.GetUtcNow() + offset).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
