using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Http;

namespace Octavo.LocalCluster.ApiServer.Admission;

/// <summary>A write that is to be admitted.</summary>
/// <param name="Operation">CREATE, UPDATE or DELETE.</param>
/// <param name="Name">Of the object; empty where the server generates it.</param>
/// <param name="Subresource">Empty for the object itself.</param>
/// <param name="Object">As it would be stored, in the version of the request; null for a deletion.</param>
/// <param name="Old">As it is stored; null for a creation.</param>
internal sealed record AdmissionAttributes(ResourceRequest Request, string Operation, string Namespace, string Name, string Subresource, JsonObject? Object, JsonObject? Old, bool DryRun)
{
    /// <summary>Kind of <see cref="Object"/>, which of a subresource may be another than the resource's.</summary>
    public (string Group, string Version, string Kind) Kind
    {
        get
        {
            var subject = Object ?? Old!;
            var apiVersion = subject["apiVersion"]?.ToString() ?? Request.Resource.ApiVersion;
            var slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
            return (slash < 0 ? "" : apiVersion[..slash], slash < 0 ? apiVersion : apiVersion[(slash + 1)..], subject["kind"]?.ToString() ?? Request.Resource.Kind);
        }
    }
}
