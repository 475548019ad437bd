using Octavo.LocalCluster.ApiServer.Authentication;
using Octavo.LocalCluster.ApiServer.Authorization;
using Octavo.LocalCluster.ApiServer.Faults;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Metrics;
using Octavo.LocalCluster.ApiServer.Resources;

namespace Octavo.LocalCluster.ApiServer.Rest;

/// <summary>The way of a request: who is it, what is asked, is it allowed, who answers.</summary>
internal sealed partial class RequestDispatcher(
    ApiServerCore core, Authenticator authenticator, Authorizer authorizer, GenericPaths paths, ResourceHandlers handlers, RequestCounter counter, FaultInjector faults,
    ILogger<RequestDispatcher> logger)
{
    public async Task HandleAsync(HttpContext http)
    {
        var warnings = new List<string>();
        try
        {
            await DispatchAsync(http, warnings);
        }
        catch (ApiException error) when (!http.Response.HasStarted)
        {
            await JsonAnswer.WriteErrorAsync(http, error, warnings);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client left.
        }
        catch (Exception error) when (!http.Response.HasStarted)
        {
            LogFailed(error, http.Request.Method, http.Request.Path.Value ?? "");
            await JsonAnswer.WriteErrorAsync(http, ApiErrors.Internal(error.Message), warnings);
        }
        finally
        {
            Count(http);
        }
    }

    private async Task DispatchAsync(HttpContext http, List<string> warnings)
    {
        var user = await authenticator.AuthenticateAsync(http);
        var path = http.Request.Path.Value ?? "/";
        var info = RequestInfo.Parse(path);
        if (info is null)
        {
            authorizer.Check(new AccessQuery(user, GenericVerb(http.Request.Method), "", "", "", "", path));
            await paths.HandleAsync(http, path);
            return;
        }

        var verb = Verb(http, info);
        var resourceName = info.Subresource.Length == 0 ? info.Resource : $"{info.Resource}/{info.Subresource}";
        authorizer.Check(new AccessQuery(user, verb, info.Group, resourceName, info.Namespace, info.Name));
        var resource = core.Registry.Find(info.Group, info.Version, info.Resource);
        if (resource is null || resource.Namespaced != IsNamespacedPath(info) && !IsCrossNamespace(resource, info))
        {
            await NothingThereAsync(http, info);
            return;
        }

        var request = new ResourceRequest(http, info, resource, user);
        if (resource.DeprecationWarning is { } warning)
        {
            request.Warnings.Add(warning);
        }

        try
        {
            await faults.HandleAsync(request, verb, () => handlers.HandleAsync(request, verb));
        }
        catch (ApiException)
        {
            warnings.AddRange(request.Warnings);
            throw;
        }
    }

    private void Count(HttpContext http)
    {
        if (RequestInfo.Parse(http.Request.Path.Value ?? "/") is { } info
            && core.Registry.Find(info.Group, info.Version, info.Resource) is { } resource
            && (info.Subresource.Length == 0 || resource.FindSubresource(info.Subresource) is not null))
        {
            counter.Count(RequestLabels.Of(http, info, Verb(http, info)));
        }
    }

    private static bool IsNamespacedPath(RequestInfo info) => info.Namespace.Length > 0 && info.Resource != "namespaces";

    // Lists and watches of a namespaced resource over all namespaces; writes there are refused by method, not by path.
    private static bool IsCrossNamespace(ResourceDefinition resource, RequestInfo info) =>
        resource.Namespaced && info.Name.Length == 0 && info.Namespace.Length == 0;

    private async Task NothingThereAsync(HttpContext http, RequestInfo info)
    {
        var isBuiltIn = core.Registry.HasGroup(info.Group) && !core.Registry.IsCustomGroup(info.Group);
        if (!isBuiltIn)
        {
            await JsonAnswer.WritePageNotFoundAsync(http);
            return;
        }

        throw ApiErrors.NoSuchResource();
    }

    private static string Verb(HttpContext http, RequestInfo info)
    {
        var isCollection = info.Name.Length == 0;
        return http.Request.Method switch
        {
            "GET" or "HEAD" when info.IsWatchPath || IsWatch(http) && (isCollection || info.Subresource.Length == 0) => "watch",
            "GET" or "HEAD" => isCollection ? "list" : "get",
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            "DELETE" => isCollection ? "deletecollection" : "delete",
            var other => other.ToLowerInvariant(),
        };
    }

    private static bool IsWatch(HttpContext http) =>
        http.Request.Query.TryGetValue("watch", out var value) && value.ToString() is "1" or "true" or "True" or "TRUE" or "t" or "T";

    private static string GenericVerb(string method) => method switch
    {
        "GET" or "HEAD" => "get",
        "POST" => "post",
        _ => method.ToLowerInvariant(),
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed")]
    private partial void LogFailed(Exception error, string method, string path);
}
