using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Admission.Webhooks;
using Octavo.LocalCluster.ApiServer.Resources;

namespace Octavo.LocalCluster.Tests.ApiServer.Admission.Webhooks;

public sealed class WebhookRuleTests
{
    private static readonly ResourceRegistry Registry = new(BuiltInResources.Load());

    [Theory]
    [InlineData("CREATE", "apps", "v1", "deployments", "*", "", true)]
    [InlineData("UPDATE", "apps", "v1", "deployments", "*", "", false)]
    [InlineData("*", "*", "*", "*", "*", "", true)]
    [InlineData("CREATE", "", "v1", "deployments", "*", "", false)]
    [InlineData("CREATE", "apps", "v1beta1", "deployments", "*", "", false)]
    [InlineData("CREATE", "apps", "v1", "*", "*", "scale", false)]
    [InlineData("CREATE", "apps", "v1", "*/*", "*", "scale", true)]
    [InlineData("CREATE", "apps", "v1", "*/scale", "*", "scale", true)]
    [InlineData("CREATE", "apps", "v1", "deployments/scale", "*", "", false)]
    [InlineData("CREATE", "apps", "v1", "deployments/*", "*", "status", true)]
    [InlineData("CREATE", "apps", "v1", "deployments", "Cluster", "", false)]
    [InlineData("CREATE", "apps", "v1", "deployments", "Namespaced", "", true)]
    public void Matches_CreateOfADeployment_FollowsEveryPart(string operation, string group, string version, string resource, string scope, string subresource, bool expected)
    {
        var rule = WebhookRule.Read(new JsonObject
        {
            ["operations"] = new JsonArray(operation),
            ["apiGroups"] = new JsonArray(group),
            ["apiVersions"] = new JsonArray(version),
            ["resources"] = new JsonArray(resource),
            ["scope"] = scope,
        });
        rule.Matches("CREATE", Registry.Find("apps", "v1", "deployments")!, subresource).Should().Be(expected);
    }
}
