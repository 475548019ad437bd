using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Resources;

namespace Octavo.LocalCluster.ApiServer.Storage;

/// <summary>
/// One revision of one object. <see cref="Value"/> is shared by every reader and must not be changed: clone it first.
/// It is in the storage version and carries its own metadata.resourceVersion.
/// </summary>
internal sealed record StoredObject(GroupResource Resource, string Namespace, string Name, JsonObject Value, long Revision)
{
    /// <summary>The order of lists and continue tokens: `namespace/name`, or the name where there is no namespace.</summary>
    public string Key { get; } = KeyOf(Namespace, Name);

    public static string KeyOf(string ns, string name) => ns.Length == 0 ? name : $"{ns}/{name}";
}
