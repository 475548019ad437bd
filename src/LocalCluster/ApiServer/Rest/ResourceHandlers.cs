using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Subresources;

namespace Octavo.LocalCluster.ApiServer.Rest;

/// <summary>Gives each verb of each resource and subresource to the handler that answers it.</summary>
internal sealed class ResourceHandlers(
    ReadHandler reads, WatchHandler watches, CreateHandler creates, UpdateHandler updates, PatchHandler patches, DeleteHandler deletes,
    ScaleHandler scales, PodSubresources pods, TokenRequestHandler tokens, ReviewHandler reviews)
{
    public Task HandleAsync(ResourceRequest request, string verb)
    {
        var info = request.Info;
        if (info.Subresource.Length > 0)
        {
            return HandleSubresourceAsync(request, verb);
        }

        var resource = request.Resource;
        if (HttpMethods.IsHead(request.Http.Request.Method))
        {
            throw ApiErrors.MethodNotAllowed();
        }

        // Objects are made and deleted in bulk only inside a namespace.
        var needsNamespace = resource.Namespaced && info.Namespace.Length == 0 && verb is not ("list" or "watch");
        var wrongShape = verb == "create" ? info.Name.Length > 0 : verb is "update" or "patch" && info.Name.Length == 0;
        if (!resource.HasVerb(verb) || needsNamespace || wrongShape)
        {
            throw ApiErrors.MethodNotAllowed();
        }

        if (ReviewHandler.Handles(resource))
        {
            return reviews.CreateAsync(request);
        }

        if (resource.Storage is { Group: "", Resource: "bindings" })
        {
            return pods.BindAsync(request);
        }

        return verb switch
        {
            "get" => reads.GetAsync(request),
            "list" => reads.ListAsync(request),
            "watch" => watches.WatchAsync(request),
            "create" => creates.CreateAsync(request),
            "update" => updates.PutAsync(request),
            "patch" => patches.PatchAsync(request),
            "delete" => deletes.DeleteAsync(request),
            _ => deletes.DeleteCollectionAsync(request),
        };
    }

    private Task HandleSubresourceAsync(ResourceRequest request, string verb)
    {
        var name = request.Info.Subresource;
        var subresource = request.Resource.FindSubresource(name);
        if (subresource is null)
        {
            return request.Resource.IsCustom ? JsonAnswer.WritePageNotFoundAsync(request.Http) : throw ApiErrors.NoSuchResource();
        }

        if (!subresource.Verbs.Contains(verb))
        {
            throw ApiErrors.MethodNotAllowed();
        }

        return (request.Resource.Storage.ToString(), name, verb) switch
        {
            (_, "scale", "get") => scales.GetAsync(request),
            (_, "scale", "update") => scales.PutAsync(request),
            (_, "scale", _) => scales.PatchAsync(request),
            (_, "status", "get") => reads.GetAsync(request),
            (_, "status", "update") => updates.PutAsync(request),
            (_, "status", _) => patches.PatchAsync(request),
            ("namespaces", "finalize", _) => updates.PutAsync(request),
            ("certificatesigningrequests.certificates.k8s.io", "approval", "get") => reads.GetAsync(request),
            ("pods", "binding", _) => pods.BindAsync(request),
            ("pods", "eviction", _) => pods.EvictAsync(request),
            ("pods", "log", _) => pods.LogAsync(request),
            ("pods", "exec" or "attach" or "portforward", _) => pods.RefuseStreamAsync(request),
            ("serviceaccounts", "token", _) => tokens.CreateAsync(request),
            _ => throw new ApiException(501, $"LocalCluster does not serve {request.Resource.Plural}/{name}", "NotImplemented", null),
        };
    }
}
