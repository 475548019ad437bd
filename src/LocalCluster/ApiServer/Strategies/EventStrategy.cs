using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Conversion;
using Octavo.LocalCluster.ApiServer.Resources;

namespace Octavo.LocalCluster.ApiServer.Strategies;

/// <summary>Core events carry fields that are written even when they are unset.</summary>
internal sealed class EventStrategy : ResourceStrategy
{
    public override void PrepareForCreate(ResourceDefinition resource, JsonObject value)
    {
        if (resource.Group.Length == 0)
        {
            EventConversion.Complete(value);
        }
    }
}
