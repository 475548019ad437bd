using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.ServerSideApply;

/// <summary>The fields that managedFields never names.</summary>
internal static class UntrackedFields
{
    private static readonly string[] ServerMetadata = ["name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields", "resourceVersion"];

    /// <summary>What the endpoint resets: status on the main one (where there is a status subresource), the rest on /status.</summary>
    public static FieldSet Of(ResourceSchema schema, string subresource)
    {
        var set = new FieldSet();
        if (subresource == "status")
        {
            set.Insert([PathElement.Field("spec")]);
            set.Insert([PathElement.Field("metadata"), PathElement.Field("labels")]);
        }
        else if (schema.HasStatusSubresource)
        {
            set.Insert([PathElement.Field("status")]);
        }

        return set;
    }

    /// <summary>Without apiVersion, kind, and the metadata that the server gives.</summary>
    public static FieldSet StripMetadata(FieldSet fields)
    {
        var strip = new FieldSet();
        strip.Insert([PathElement.Field("apiVersion")]);
        strip.Insert([PathElement.Field("kind")]);
        strip.Insert([PathElement.Field("metadata")]);
        foreach (var name in ServerMetadata)
        {
            strip.Insert([PathElement.Field("metadata"), PathElement.Field(name)]);
        }

        return fields.Difference(strip);
    }
}
