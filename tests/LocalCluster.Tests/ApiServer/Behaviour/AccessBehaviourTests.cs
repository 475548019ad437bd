using static Octavo.LocalCluster.Tests.ApiServer.Behaviour.ApiCaller;

namespace Octavo.LocalCluster.Tests.ApiServer.Behaviour;

/// <summary>Who may do what, and the texts for who may not.</summary>
public sealed class AccessBehaviourTests : IAsyncLifetime
{
    private ApiCaller api = null!;
    private string token = "";

    public async Task InitializeAsync()
    {
        api = await ApiCaller.StartAsync();
        await api.SendAsync("POST", "/api/v1/namespaces/default/serviceaccounts", """{"metadata":{"name":"low"}}""");
        var answer = await api.SendAsync("POST", "/api/v1/namespaces/default/serviceaccounts/low/token", """{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}""");
        token = answer.Body!["status"]!["token"]!.ToString();
    }

    public async Task DisposeAsync() => await api.DisposeAsync();

    [Theory]
    [InlineData("GET", "/api/v1/namespaces/default/configmaps/a", "configmaps \"a\" is forbidden: User \"system:serviceaccount:default:low\" cannot get resource \"configmaps\" in API group \"\" in the namespace \"default\"")]
    [InlineData("GET", "/api/v1/namespaces/default/configmaps", "configmaps is forbidden: User \"system:serviceaccount:default:low\" cannot list resource \"configmaps\" in API group \"\" in the namespace \"default\"")]
    [InlineData("GET", "/api/v1/nodes", "nodes is forbidden: User \"system:serviceaccount:default:low\" cannot list resource \"nodes\" in API group \"\" at the cluster scope")]
    [InlineData("GET", "/apis/apps/v1/namespaces/default/deployments/d/scale", "deployments.apps \"d\" is forbidden: User \"system:serviceaccount:default:low\" cannot get resource \"deployments/scale\" in API group \"apps\" in the namespace \"default\"")]
    [InlineData("GET", "/metrics", "forbidden: User \"system:serviceaccount:default:low\" cannot get path \"/metrics\"")]
    public async Task Forbidden_SaysWhoMayNotDoWhat(string method, string path, string message)
    {
        var answer = await api.SendAsync(method, path, token: token);
        (answer.Status, answer.Body!["reason"]!.ToString(), answer.Message).Should().Be((403, "Forbidden", message));
    }

    [Fact]
    public async Task BadToken_IsUnauthorizedEverywhere()
    {
        var answer = await api.SendAsync("GET", "/version", token: "nonsense");
        (answer.Status, answer.Message, answer.Body!["reason"]!.ToString(), answer.Body["details"]).Should().Be((401, "Unauthorized", "Unauthorized", null));
    }

    [Fact]
    public async Task RoleAndBinding_AllowWhatTheySay()
    {
        await api.SendAsync("POST", "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles", """{"metadata":{"name":"r"},"rules":[{"apiGroups":[""],"resources":["configmaps"],"verbs":["get","list"],"resourceNames":["a"]}]}""");
        await api.SendAsync("POST", "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings",
            """{"metadata":{"name":"b"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"r"},"subjects":[{"kind":"ServiceAccount","name":"low","namespace":"default"}]}""");
        (await api.SendAsync("GET", $"{Maps}/a", token: token)).Status.Should().Be(404);
        (await api.SendAsync("GET", $"{Maps}/b", token: token)).Status.Should().Be(403);
    }
}
