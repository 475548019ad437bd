using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster;
using Octavo.Operator.Configuration;
using Octavo.Operator.Entities;
using Octavo.Operator.Sidecar;
using Octavo.OperatorCluster.Tests.Harness;

namespace Octavo.OperatorCluster.Tests.Behaviour;

/// <summary>
/// Sidecars in Deployments of others, over an API server that knows who owns which field: put in, kept, repaired, left to others, taken out. One cluster for all
/// of these; each has a service and a Deployment of its own.
/// </summary>
public sealed class SidecarTests(SidecarTests.Cluster cluster) : IClassFixture<SidecarTests.Cluster>, IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource timeout = new(TimeSpan.FromMinutes(2), TimeProvider.System);
    private readonly ClusterHarness harness = cluster.Harness;
    private readonly string chat = cluster.NewName("chat");
    private readonly string app = cluster.NewName("app");

    private CancellationToken Stop => timeout.Token;

    public void Dispose() => timeout.Dispose();

    [Fact]
    public async Task Annotated_IsGivenTheSidecarAndThenNothingIsWritten()
    {
        await ServiceAsync(1024);
        await AppAsync();

        var injected = await UntilAsync("the sidecar", Has);
        var spec = injected.Spec!.Template!.Spec!;
        spec.InitContainers!.Select(c => c.Name).Should().Equal("setup", "octavo-model", "octavo-serving");
        spec.InitContainers![2].Should().Match<V1Container>(c => c.RestartPolicy == "Always" && c.Args!.Contains("127.0.0.1"));
        spec.Containers!.Select(c => c.Name).Should().Equal("app");
        Managers(injected).Should().Contain("octavo-sidecar/Apply");
        await UntilToldAsync(app, "SidecarInjected");
        await UntilToldAsync(chat, "SidecarInjected");
        await ClusterHarness.UntilAsync(async () => (await harness.FindAsync(chat, Stop))?.Status?.SidecarDeployments == 1 ? null : "the service's count", Limit, Stop);
        (await harness.FindAsync(chat, Stop))!.Status!.Conditions!.Should().Contain(c => c.Type == "Ready" && c.Status == "True" && c.Reason == "ScaledToZero");

        await harness.UntilQuietAsync(Stop);

        harness.Operators[0].Metrics.Should().Contain(m => m.Name == "octavo_sidecar_deployments");
    }

    [Fact]
    public async Task ServiceAppearsLater_IsToldAndThenPutIn()
    {
        await AppAsync();
        await UntilToldAsync(app, "InferenceServiceNotFound");
        Has(await AppNowAsync()).Should().BeFalse();
        await harness.UntilQuietAsync(Stop);

        await ServiceAsync(1024);

        await UntilAsync("the sidecar", Has);
    }

    [Fact]
    public async Task ServiceChanges_PodsRoll_ANewOperatorAndMoreReplicasRollNone()
    {
        await ServiceAsync(1024);
        await AppAsync();
        var before = await UntilAsync("the sidecar", Has);

        // Another release: its default image is another one.
        await harness.StopOperatorAsync(harness.Operators[0]);
        await harness.StartOperatorAsync("b", Stop, new OperatorOptions { RuntimeImage = "octavo/serving-runtime:99" });
        await harness.ApplyAsync(chat, Spec(1024) with { Replicas = 1, Rollout = new RolloutSpec { DrainSeconds = 7 } }, Stop);
        await ClusterHarness.UntilAsync(async () => (await harness.FindAsync(chat, Stop))?.Status?.DesiredReplicas == 1 ? null : "one replica", Limit, Stop);
        await harness.UntilQuietAsync(Stop);
        (await AppNowAsync()).Metadata.Generation.Should().Be(before.Metadata.Generation);

        await ServiceAsync(2048);
        var after = await UntilAsync("the new length", d => Serving(d)?.Args?.Contains("2048") == true);
        Serving(after)!.Image.Should().Be("octavo/serving-runtime:99", "a change of the wishes takes this release's form");
        await UntilToldAsync(app, "SidecarUpdated");
    }

    [Fact]
    public async Task AnnotationRemoved_OnlyWhatWasPutInGoes()
    {
        await ServiceAsync(1024);
        await AppAsync();
        await UntilAsync("the sidecar", Has);

        await PatchAsync("""{"spec":{"template":{"metadata":{"annotations":{"serving.octavo.dev/inject":null}}}}}""", V1PatchType.MergePatch, "user");

        var left = await UntilAsync("its end", d => Serving(d) is null);
        left.Spec!.Template!.Spec!.InitContainers!.Select(c => c.Name).Should().Equal("setup");
        left.Spec.Template.Spec.Volumes.Should().BeNullOrEmpty();
        left.Spec.Template.Metadata!.Annotations.Should().BeNullOrEmpty();
        left.Metadata.Annotations!.Keys.Should().NotContain(k => k.StartsWith("serving.octavo.dev/"));
        Managers(left).Should().NotContain("octavo-sidecar/Apply");
        await UntilToldAsync(app, "SidecarRemoved");
        await harness.UntilQuietAsync(Stop);
    }

    [Fact]
    public async Task ServiceDeleted_WhatIsInStaysAndIsRepaired()
    {
        await ServiceAsync(1024);
        await AppAsync();
        await UntilAsync("the sidecar", Has);

        await harness.Client.DeleteAsync<V1Alpha1InferenceService>(chat, ClusterHarness.Namespace, null, Stop);
        await UntilToldAsync(app, "InferenceServiceNotFound");
        Has(await AppNowAsync()).Should().BeTrue();

        await PatchAsync("""[{"op":"remove","path":"/spec/template/spec/initContainers/2"}]""", V1PatchType.JsonPatch, "kubectl-edit");
        await UntilAsync("the repair", Has);
    }

    [Fact]
    public async Task ChangedByHand_IsRepairedOnceAndThenLeft()
    {
        await ServiceAsync(1024);
        await AppAsync();
        var wanted = Serving(await UntilAsync("the sidecar", Has))!.Image;

        await EditImageAsync("example.com/other:1");
        await UntilAsync("the repair", d => Serving(d)?.Image == wanted);
        await EditImageAsync("example.com/other:2");

        await UntilToldAsync(app, "SidecarConflict");
        Serving(await AppNowAsync())!.Image.Should().Be("example.com/other:2", "two that undo each other's work are worse than either");
        await harness.UntilQuietAsync(Stop);
    }

    [Fact]
    public async Task NamesThatTheUserHas_AreAConflictFromTheBeginning()
    {
        await ServiceAsync(1024);
        await AppAsync(made => made["spec"]!["template"]!["spec"]!["volumes"] = JsonNode.Parse("""[{"name":"octavo-tmp","configMap":{"name":"mine"}}]"""));

        await UntilToldAsync(app, "SidecarConflict", "SidecarRefused");

        Serving(await AppNowAsync()).Should().BeNull();
    }

    [Fact]
    public async Task ClientSideApplyOfTheUser_LeavesTheSidecar()
    {
        await ServiceAsync(1024);
        await AppAsync();
        await UntilAsync("the sidecar", Has);

        // What kubectl apply sends where the image of the app changed.
        await PatchAsync(
            """{"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"app"}],"$setElementOrder/initContainers":[{"name":"setup"}],"containers":[{"name":"app","image":"example.com/app:2"}]}}}}""",
            V1PatchType.StrategicMergePatch,
            "kubectl-client-side-apply");
        await harness.UntilQuietAsync(Stop);

        var now = await AppNowAsync();
        Has(now).Should().BeTrue();
        now.Spec!.Template!.Spec!.Containers!.Single().Image.Should().Be("example.com/app:2");
    }

    [Theory]
    [InlineData("serving.octavo.dev/inject-port", "http", "InvalidAnnotation")]
    [InlineData("serving.octavo.dev/inject-port", "9000", "SidecarPortConflict")]
    [InlineData("serving.octavo.dev/inject", "no/name", "InvalidAnnotation")]
    public async Task AnnotationThatCannotBe_IsToldAndNothingPutIn(string annotation, string value, string reason)
    {
        await ServiceAsync(1024);
        await AppAsync(made => made["spec"]!["template"]!["metadata"]!["annotations"]![annotation] = value);

        await UntilToldAsync(app, reason);

        Serving(await AppNowAsync()).Should().BeNull();
    }

    private static InferenceServiceSpec Spec(int maxModelLen) => new()
    {
        Model = new ModelSpec { Uri = "file:///models/tiny" },
        Runtime = new RuntimeSpec { Engine = new EngineSpec { MaxModelLen = maxModelLen } },
        Replicas = 0,
    };

    private static V1Container? Serving(V1Deployment deployment) => deployment.Spec!.Template!.Spec!.InitContainers?.FirstOrDefault(c => c.Name == SidecarNames.ServingContainer);

    private static bool Has(V1Deployment deployment) => Serving(deployment) is not null;

    private static IEnumerable<string> Managers(V1Deployment deployment) =>
        deployment.Metadata.ManagedFields!.Value.EnumerateArray().Select(f => $"{f.GetProperty("manager").GetString()}/{f.GetProperty("operation").GetString()}");

    private Task ServiceAsync(int maxModelLen) => harness.ApplyAsync(chat, Spec(maxModelLen), Stop);

    /// <summary>As kubectl creates it.</summary>
    private Task AppAsync(Action<JsonObject>? change = null)
    {
        var made = JsonNode.Parse("""
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"namespace":"default","annotations":{"team":"blue"}},
             "spec":{"replicas":1,"selector":{"matchLabels":{}},
                     "template":{"metadata":{"labels":{},"annotations":{}},
                                 "spec":{"initContainers":[{"name":"setup","image":"example.com/setup:1"}],
                                         "containers":[{"name":"app","image":"example.com/app:1","ports":[{"containerPort":9000}]}]}}}}
            """)!.AsObject();
        made["metadata"]!["name"] = app;
        made["spec"]!["selector"]!["matchLabels"]!["app"] = app;
        made["spec"]!["template"]!["metadata"]!["labels"]!["app"] = app;
        made["spec"]!["template"]!["metadata"]!["annotations"]![SidecarNames.Inject] = chat;
        change?.Invoke(made);
        return harness.Client.SendAsync(HttpMethod.Post, "/apis/apps/v1/namespaces/default/deployments?fieldManager=kubectl-client-side-apply", made, "application/json", Stop);
    }

    private Task<V1Deployment> AppNowAsync() => harness.Client.GetAsync<V1Deployment>(app, ClusterHarness.Namespace, Stop);

    private async Task<V1Deployment> UntilAsync(string what, Func<V1Deployment, bool> holds)
    {
        await ClusterHarness.UntilAsync(
            async () => holds(await AppNowAsync()) ? null : $"{what}; events {string.Join(", ", await EventsAsync(app))}\n{string.Join('\n', harness.Log.Lines.TakeLast(20))}", Limit, Stop);
        return await AppNowAsync();
    }

    /// <summary>Events come after what they tell.</summary>
    private Task UntilToldAsync(string about, params string[] reasons) => ClusterHarness.UntilAsync(
        async () => await EventsAsync(about) is var told && told.Intersect(reasons).Any() ? null : $"{string.Join(" or ", reasons)} about {about}; told is {string.Join(", ", told)}", Limit, Stop);

    private async Task<IReadOnlyList<string>> EventsAsync(string about) =>
        [.. (await harness.Client.ListAsync<Corev1Event>(ClusterHarness.Namespace, null, Stop)).Items.Where(e => e.InvolvedObject?.Name == about).Select(e => e.Reason!)];

    private Task EditImageAsync(string image) => PatchAsync(
        $$$$$"""{"spec":{"template":{"spec":{"initContainers":[{"name":"octavo-serving","image":"{{{{{image}}}}}"}]}}}}""", V1PatchType.StrategicMergePatch, "kubectl-edit");

    private Task PatchAsync(string patch, V1PatchType type, string manager) => harness.Client.PatchAsync<V1Deployment>(
        app, ClusterHarness.Namespace, new V1Patch(JsonNode.Parse(patch)!, type), null, new WriteOptions { FieldManager = manager }, Stop);

    /// <summary>A cluster with an operator.</summary>
    public sealed class Cluster : IAsyncLifetime
    {
        private int names;

        internal ClusterHarness Harness { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1), TimeProvider.System);
            Harness = await ClusterHarness.StartAsync(new LocalClusterOptions { NodeList = [new ClusterNode { Name = "node-0", IsHollow = true }] }, limit.Token);
            await Harness.StartOperatorAsync("a", limit.Token);
        }

        public async Task DisposeAsync() => await Harness.DisposeAsync();

        public string NewName(string prefix) => $"{prefix}-{Interlocked.Increment(ref names)}";
    }
}
