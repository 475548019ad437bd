using System.Globalization;
using Octavo.LocalCluster.ApiServer.Authentication;
using Octavo.LocalCluster.ApiServer.Faults;
using Octavo.LocalCluster.ApiServer.Resources;

namespace Octavo.LocalCluster.ApiServer.Http;

/// <summary>A request for a resource that exists, by a caller who may make it.</summary>
internal sealed class ResourceRequest(HttpContext http, RequestInfo info, ResourceDefinition resource, UserInfo user)
{
    public HttpContext Http { get; } = http;

    public RequestInfo Info { get; } = info;

    public ResourceDefinition Resource { get; } = resource;

    public UserInfo User { get; } = user;

    public CancellationToken Aborted => Http.RequestAborted;

    /// <summary>The namespace under which objects are stored: empty for cluster-scoped resources.</summary>
    public string Namespace => Resource.Namespaced ? Info.Namespace : "";

    public string Name => Info.Name;

    /// <summary>What is to befall a watch: it is told that its revision is too old, or its connection breaks.</summary>
    public Fault? WatchFault { get; set; }

    /// <summary>Warning headers that the answer will carry.</summary>
    public List<string> Warnings { get; } = [];

    public string? Query(string name) => Http.Request.Query.TryGetValue(name, out var values) ? values.ToString() : null;

    /// <summary>Go's strconv.ParseBool; null where the parameter is absent or no boolean.</summary>
    public bool? Flag(string name) => Query(name) switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => null,
    };

    public long? Number(string name) =>
        long.TryParse(Query(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : null;

    /// <summary>The field manager: the parameter, or else what the client calls itself.</summary>
    public string FieldManager
    {
        get
        {
            var named = Query("fieldManager");
            if (!string.IsNullOrEmpty(named))
            {
                return named;
            }

            var agent = Http.Request.Headers.UserAgent.ToString();
            var slash = agent.IndexOf('/', StringComparison.Ordinal);
            var name = slash < 0 ? agent : agent[..slash];
            return name.Length == 0 ? "unknown" : name;
        }
    }

    /// <summary>Whether the write is only tried; checks the parameter.</summary>
    /// <param name="optionsKind">CreateOptions, UpdateOptions, PatchOptions or DeleteOptions, for the error.</param>
    public bool IsDryRun(string optionsKind)
    {
        if (!Http.Request.Query.TryGetValue("dryRun", out var values) || values.Count == 0)
        {
            return false;
        }

        foreach (var value in values)
        {
            if (value != "All")
            {
                throw ApiErrors.Invalid("meta.k8s.io", optionsKind, "",
                    [new StatusCause("FieldValueNotSupported", $"Unsupported value: \"{value}\": supported values: \"All\"", "dryRun")]);
            }
        }

        return true;
    }
}
