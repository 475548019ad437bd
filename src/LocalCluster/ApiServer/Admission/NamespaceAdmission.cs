using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Rest;
using Octavo.LocalCluster.ApiServer.Storage;

namespace Octavo.LocalCluster.ApiServer.Admission;

/// <summary>Objects are created only in a namespace that exists and is not going away.</summary>
internal sealed class NamespaceAdmission(ObjectStore store)
{
    private static readonly GroupResource Namespaces = new("", "namespaces");

    public void CheckCreate(ResourceRequest request, JsonObject value)
    {
        if (!request.Resource.Namespaced)
        {
            return;
        }

        var found = store.Get(Namespaces, "", request.Namespace) ?? throw ApiErrors.NotFound("", "namespaces", request.Namespace);
        if (Metadata.IsDeleting(found.Value))
        {
            throw ApiErrors.Forbidden(
                request.Resource.Group,
                request.Resource.Plural,
                Metadata.Text(value, "name"),
                $"unable to create new content in namespace {request.Namespace} because it is being terminated",
                new StatusCause("NamespaceTerminating", $"namespace {request.Namespace} is being terminated", "metadata.namespace"));
        }
    }
}
