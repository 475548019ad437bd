using System.Globalization;
using Octavo.LocalCluster.ApiServer.Http;

namespace Octavo.LocalCluster.ApiServer.Metrics;

/// <summary>What one series counts.</summary>
/// <param name="Verb">As the real server's metrics name it: GET, LIST, WATCH, POST, PUT, PATCH, APPLY, DELETE, DELETECOLLECTION.</param>
/// <param name="Group">Empty for core.</param>
/// <param name="Subresource">Empty for the object itself.</param>
/// <param name="Code">The HTTP status; 0 where the client left before there was one.</param>
internal sealed record RequestLabels(string Verb, string Group, string Version, string Resource, string Subresource, bool IsDryRun, int Code)
{
    /// <param name="verb">The verb that authorization goes by: get, create, update.</param>
    public static RequestLabels Of(HttpContext http, RequestInfo info, string verb) => new(
        verb switch
        {
            "create" => "POST",
            "update" => "PUT",
            "patch" when BodyReader.MediaType(http.Request).StartsWith("application/apply-patch+", StringComparison.Ordinal) => "APPLY",
            _ => verb.ToUpperInvariant(),
        },
        info.Group,
        info.Version,
        info.Resource,
        info.Subresource,
        http.Request.Query["dryRun"] == "All",
        !http.Response.HasStarted && http.RequestAborted.IsCancellationRequested ? 0 : http.Response.StatusCode);

    /// <summary>The labels in braces. None needs escaping: all come from the server's own tables or from checked names.</summary>
    public string Render() =>
        $"{{code=\"{Code.ToString(CultureInfo.InvariantCulture)}\",dry_run=\"{(IsDryRun ? "All" : "")}\",group=\"{Group}\",resource=\"{Resource}\","
        + $"subresource=\"{Subresource}\",verb=\"{Verb}\",version=\"{Version}\"}}";
}
