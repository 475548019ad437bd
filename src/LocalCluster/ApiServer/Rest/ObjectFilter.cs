using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Selectors;

namespace Octavo.LocalCluster.ApiServer.Rest;

/// <summary>The label and field selectors of a request.</summary>
internal sealed class ObjectFilter(LabelSelector labels, FieldSelector fields)
{
    public bool IsEmpty => labels.IsEmpty && fields.IsEmpty;

    /// <exception cref="ApiException">400: a selector cannot be read.</exception>
    public static ObjectFilter Of(ResourceRequest request)
    {
        try
        {
            var text = request.Query("fieldSelector");
            if (request.Name.Length > 0)
            {
                // A watch of one object is a watch of the collection with its name.
                text = string.IsNullOrEmpty(text) ? $"metadata.name={request.Name}" : $"{text},metadata.name={request.Name}";
            }

            return new ObjectFilter(LabelSelector.Parse(request.Query("labelSelector")), FieldSelector.Parse(text, request.Resource));
        }
        catch (FormatException error)
        {
            throw ApiErrors.BadRequest(error.Message);
        }
    }

    /// <param name="value">The object in the version of the request.</param>
    public bool Matches(JsonObject value) => labels.Matches(value) && fields.Matches(value);
}
