using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.ApiServer;

namespace Octavo.LocalCluster.Tests.ApiServer.Admission.Webhooks;

/// <summary>Webhooks that answer, over the real server.</summary>
public sealed class WebhookAdmissionTests : IAsyncLifetime
{
    private const string Maps = "/api/v1/namespaces/default/configmaps";
    private HookServer hook = null!;
    private ApiServerHost server = null!;
    private HttpKubernetesClient client = null!;

    public async Task InitializeAsync()
    {
        hook = await HookServer.StartAsync("hook.default.svc");
        server = await ApiServerHost.StartAsync(new ApiServerOptions(), CancellationToken.None);
        client = new HttpKubernetesClient(
            new KubernetesClientConfiguration { Host = server.BaseUri, AccessToken = server.AdminToken, CertificateAuthorityPem = server.ServerCertificateAuthority, UserAgent = "tester" }, TimeProvider.System);
    }

    public async Task DisposeAsync()
    {
        client.Dispose();
        await server.DisposeAsync();
        await hook.DisposeAsync();
    }

    [Fact]
    public async Task Mutating_Patch_IsAppliedBeforeValidatingOnesSeeTheObject()
    {
        await ConfigureAsync("mutating", Hook("/add"));
        await ConfigureAsync("validating", Hook("/check"));
        hook.Answers["/add"] = _ => HookServer.Allow("""[{"op":"add","path":"/data","value":{"added":"1"}}]""", "was added to");
        var created = await client.CreateAsync(Map("a"), null, CancellationToken.None);
        created.Data.Should().Equal(new Dictionary<string, string> { ["added"] = "1" });
        (created.Metadata.ManagedFields?.GetRawText() ?? "").Should().NotContain("f:added", "what a webhook adds belongs to nobody");

        hook.Asked.Select(a => a.Path).Should().Equal("/add", "/check");
        var (_, asked) = hook.Asked.Last();
        asked["object"]!["data"]!["added"]!.ToString().Should().Be("1");
        asked["oldObject"].Should().BeNull();
        (asked["operation"]!.ToString(), asked["name"]!.ToString(), asked["namespace"]!.ToString()).Should().Be(("CREATE", "a", "default"));
        asked["kind"]!.ToJsonString().Should().Be("""{"group":"","version":"v1","kind":"ConfigMap"}""");
        asked["userInfo"]!["username"]!.ToString().Should().Be("admin");
        asked["options"]!["kind"]!.ToString().Should().Be("CreateOptions");
    }

    [Theory]
    [InlineData("""{"message":"not on Sundays","code":403,"reason":"Forbidden"}""", 403, "admission webhook \"check.example.dev\" denied the request: not on Sundays")]
    [InlineData("""{"reason":"Expired"}""", 400, "admission webhook \"check.example.dev\" denied the request: Expired")]
    [InlineData("{}", 400, "admission webhook \"check.example.dev\" denied the request without explanation")]
    public async Task Validating_Refuses_SaysWhatItSaid(string status, int code, string message)
    {
        await ConfigureAsync("validating", Hook("/check"));
        hook.Answers["/check"] = _ => new JsonObject { ["allowed"] = false, ["status"] = JsonNode.Parse(status) };
        var failure = await FluentActions.Awaiting(() => client.CreateAsync(Map("a"), null, CancellationToken.None)).Should().ThrowAsync<KubernetesException>();
        ((int)failure.Which.StatusCode, failure.Which.Status!.Message).Should().Be((code, message));
    }

    [Fact]
    public async Task UpdateAndDelete_ShowOldAndNew()
    {
        await client.CreateAsync(Map("a"), null, CancellationToken.None);
        await ConfigureAsync("validating", Hook("/check"));
        await client.PatchAsync<V1ConfigMap>("a", "default", new V1Patch(new JsonObject { ["data"] = new JsonObject { ["k"] = "v" } }, V1PatchType.MergePatch), null, null, CancellationToken.None);
        await client.DeleteAsync<V1ConfigMap>("a", "default", null, CancellationToken.None);
        var (update, delete) = (hook.Asked.First().Request, hook.Asked.Last().Request);
        (update["operation"]!.ToString(), update["object"]!["data"]!["k"]!.ToString(), update["oldObject"]!["data"], update["options"]!["kind"]!.ToString()).Should().Be(("UPDATE", "v", null, "PatchOptions"));
        (delete["operation"]!.ToString(), delete["object"], delete["oldObject"]!["data"]!["k"]!.ToString()).Should().Be(("DELETE", null, "v"));
    }

    [Fact]
    public async Task Reinvocation_LaterHookChangedTheObject_IsAskedAgainOnce()
    {
        await ConfigureAsync("mutating", Hook("/first") with { Extra = ("reinvocationPolicy", "IfNeeded") }, Hook("/second"));
        hook.Answers["/second"] = _ => HookServer.Allow("""[{"op":"add","path":"/data","value":{"k":"v"}}]""");
        await client.CreateAsync(Map("a"), null, CancellationToken.None);
        hook.Asked.Select(a => a.Path).Should().Equal("/first", "/second", "/first");
    }

    [Fact]
    public async Task Conditions_FalseOnes_KeepTheHookFromBeingAsked()
    {
        await ConfigureAsync("validating", Hook("/check") with { Extra = ("matchConditions", JsonNode.Parse("""[{"name":"named","expression":"object.metadata.name.startsWith('x') && request.userInfo.username == 'admin'"}]""")!) });
        await client.CreateAsync(Map("a"), null, CancellationToken.None);
        await client.CreateAsync(Map("x"), null, CancellationToken.None);
        hook.Asked.Select(a => a.Request["name"]!.ToString()).Should().Equal("x");
    }

    [Theory]
    [InlineData("objectSelector", """{"matchLabels":{"watched":"yes"}}""")]
    [InlineData("namespaceSelector", """{"matchLabels":{"kubernetes.io/metadata.name":"elsewhere"}}""")]
    public async Task Selectors_NoMatch_KeepTheHookFromBeingAsked(string name, string selector)
    {
        await ConfigureAsync("validating", Hook("/check") with { Extra = (name, JsonNode.Parse(selector)!) });
        await client.CreateAsync(Map("a"), null, CancellationToken.None);
        hook.Asked.Should().BeEmpty();
    }

    [Theory]
    [InlineData("""{"allowed":true,"uid":"other"}""", "expected response.uid")]
    [InlineData("""{"allowed":true,"patch":"W10=","patchType":"JSONPatch"}""", "only mutating webhooks patch")]
    public async Task Answer_ThatIsNone_IsAFailure(string response, string expected)
    {
        await ConfigureAsync("validating", Hook("/check"));
        hook.Answers["/check"] = _ => (JsonObject)JsonNode.Parse(response)!;
        var failure = await FluentActions.Awaiting(() => client.CreateAsync(Map("a"), null, CancellationToken.None)).Should().ThrowAsync<KubernetesException>();
        ((int)failure.Which.StatusCode).Should().Be(500);
        failure.Which.Status!.Message.Should().StartWith("Internal error occurred: failed calling webhook \"check.example.dev\": received invalid webhook response:").And.Contain(expected);
    }

    [Fact]
    public async Task Service_WithReadyEndpoints_IsCalledUnderItsName()
    {
        await client.CreateAsync(new V1Service { Metadata = new V1ObjectMeta { Name = "hook", NamespaceProperty = "default" }, Spec = new V1ServiceSpec { Ports = [new V1ServicePort { Port = 443 }] } }, null, CancellationToken.None);
        await client.CreateAsync(
            new V1EndpointSlice
            {
                Metadata = new V1ObjectMeta { Name = "hook-1", NamespaceProperty = "default", Labels = new Dictionary<string, string> { ["kubernetes.io/service-name"] = "hook" } },
                AddressType = "IPv4",
                Endpoints = [new V1Endpoint { Addresses = ["127.0.0.1"], Conditions = new V1EndpointConditions { Ready = true } }],
                Ports = [new Discoveryv1EndpointPort { Port = hook.BaseUri.Port }],
            }, null, CancellationToken.None);
        await ConfigureAsync("validating", Hook("/check") with { Service = "hook" });
        await client.CreateAsync(Map("a"), null, CancellationToken.None);
        hook.Asked.Should().ContainSingle();
    }

    [Fact]
    public async Task Authority_NotTheWebhooks_IsAFailure()
    {
        await ConfigureAsync("validating", Hook("/check") with { Authority = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(server.ServerCertificateAuthority)) });
        var failure = await FluentActions.Awaiting(() => client.CreateAsync(Map("a"), null, CancellationToken.None)).Should().ThrowAsync<KubernetesException>();
        failure.Which.Status!.Message.Should().EndWith("tls: failed to verify certificate: x509: certificate signed by unknown authority");
    }

    [Fact]
    public async Task Mutating_PatchOfAScale_IsWhatTheDeploymentGets()
    {
        const string Deployments = "/apis/apps/v1/namespaces/default/deployments";
        await client.SendAsync(HttpMethod.Post, Deployments, JsonNode.Parse("""
            {"metadata":{"name":"d"},"spec":{"replicas":1,"selector":{"matchLabels":{"a":"d"}},"template":{"metadata":{"labels":{"a":"d"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}
            """), null, CancellationToken.None);
        await ConfigureAsync("mutating", Hook("/bound") with { Extra = Rules("apps", "deployments/scale") });
        hook.Answers["/bound"] = _ => HookServer.Allow("""[{"op":"replace","path":"/spec/replicas","value":4}]""");

        var scale = await client.SendAsync(HttpMethod.Patch, $"{Deployments}/d/scale", JsonNode.Parse("""{"spec":{"replicas":9}}"""), "application/merge-patch+json", CancellationToken.None);

        scale!["spec"]!["replicas"]!.GetValue<int>().Should().Be(4);
        (await client.GetAsync<V1Deployment>("d", "default", CancellationToken.None)).Spec!.Replicas.Should().Be(4);
        hook.Asked.Single().Request["object"]!["spec"]!["replicas"]!.GetValue<int>().Should().Be(9);
    }

    [Fact]
    public async Task Mutating_PatchesOfBindingAndEviction_AreWhatThePodGets()
    {
        const string Pods = "/api/v1/namespaces/default/pods";
        await client.CreateAsync(new V1ServiceAccount { Metadata = new V1ObjectMeta { Name = "default", NamespaceProperty = "default" } }, null, CancellationToken.None);
        await client.SendAsync(HttpMethod.Post, Pods, JsonNode.Parse("""{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}"""), null, CancellationToken.None);
        await ConfigureAsync("mutating", Hook("/place") with { Extra = Rules("", "pods/binding") }, Hook("/linger") with { Extra = Rules("", "pods/eviction") });
        hook.Answers["/place"] = _ => HookServer.Allow("""[{"op":"replace","path":"/target/name","value":"elsewhere"}]""");
        hook.Answers["/linger"] = _ => HookServer.Allow("""[{"op":"add","path":"/deleteOptions","value":{"gracePeriodSeconds":77}}]""");

        await client.SendAsync(HttpMethod.Post, $"{Pods}/p/binding", JsonNode.Parse("""{"metadata":{"name":"p"},"target":{"kind":"Node","name":"here"}}"""), null, CancellationToken.None);
        (await client.GetAsync<V1Pod>("p", "default", CancellationToken.None)).Spec!.NodeName.Should().Be("elsewhere");
        await client.SendAsync(HttpMethod.Post, $"{Pods}/p/eviction", JsonNode.Parse("""{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"p"}}"""), null, CancellationToken.None);
        (await client.GetAsync<V1Pod>("p", "default", CancellationToken.None)).Metadata.DeletionGracePeriodSeconds.Should().Be(77);
    }

    [Fact]
    public async Task DryRun_IsToldToTheHook()
    {
        await ConfigureAsync("validating", Hook("/check"));
        await client.SendAsync(HttpMethod.Post, $"{Maps}?dryRun=All", JsonNode.Parse("""{"metadata":{"name":"a"}}"""), null, CancellationToken.None);
        hook.Asked.Single().Request["dryRun"]!.GetValue<bool>().Should().BeTrue();
    }

    private static V1ConfigMap Map(string name) => new() { Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "default" } };

    private static (string Name, JsonNode Value) Rules(string group, string resource) =>
        ("rules", JsonNode.Parse($$"""[{"apiGroups":["{{group}}"],"apiVersions":["v1"],"operations":["*"],"resources":["{{resource}}"]}]""")!);

    private static Hooked Hook(string path) => new(path);

    private Task ConfigureAsync(string sort, params Hooked[] hooks) => client.SendAsync(
        HttpMethod.Post, $"/apis/admissionregistration.k8s.io/v1/{sort}webhookconfigurations",
        new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = sort },
            ["webhooks"] = new JsonArray([.. hooks.Select(h =>
            {
                var configured = (JsonObject)JsonNode.Parse("""
                    {"sideEffects":"None","admissionReviewVersions":["v1"],"rules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["*"],"resources":["configmaps"]}]}
                    """)!;
                configured["name"] = h.Path[1..] + ".example.dev";
                configured["clientConfig"] = h.Service is { } service
                    ? new JsonObject { ["service"] = new JsonObject { ["name"] = service, ["namespace"] = "default", ["path"] = h.Path } }
                    : new JsonObject { ["url"] = new Uri(hook.BaseUri, h.Path).ToString() };
                configured["clientConfig"]!["caBundle"] = h.Authority ?? hook.CaBundle;
                if (h.Extra is { } extra)
                {
                    configured[extra.Name] = extra.Value;
                }

                return configured;
            })]),
        }, null, CancellationToken.None);

    private sealed record Hooked(string Path)
    {
        public string? Service { get; init; }
        public string? Authority { get; init; }
        public (string Name, JsonNode Value)? Extra { get; init; }
    }
}
