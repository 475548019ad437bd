using System.Text;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Resources;

namespace Octavo.LocalCluster.ApiServer.Strategies;

/// <summary>stringData is only ever written: it is moved into data.</summary>
internal sealed class SecretStrategy : ResourceStrategy
{
    public override void PrepareForCreate(ResourceDefinition resource, JsonObject value) => MoveStringData(value);

    public override void PrepareForUpdate(ResourceDefinition resource, JsonObject value, JsonObject live) => MoveStringData(value);

    private static void MoveStringData(JsonObject value)
    {
        if (value["stringData"] is not JsonObject texts)
        {
            value.Remove("stringData");
            return;
        }

        if (value["data"] is not JsonObject data)
        {
            value["data"] = data = [];
        }

        foreach (var (key, text) in texts)
        {
            data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(text?.ToString() ?? ""));
        }

        value.Remove("stringData");
    }
}
