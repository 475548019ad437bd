using System.Net;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster;
using Octavo.Operator.Entities;
using Octavo.OperatorCluster.Tests.Chaos;
using Octavo.OperatorCluster.Tests.Harness;

namespace Octavo.OperatorCluster.Tests.Behaviour;

/// <summary>HorizontalPodAutoscaler and KEDA in place of the operator's autoscaler: they read and write the scale subresource, of the service or of its Deployment.</summary>
public sealed class ExternalScalerTests : IAsyncLifetime
{
    private const string ServiceScale = $"/apis/serving.octavo.dev/v1alpha1/namespaces/{ClusterHarness.Namespace}/inferenceservices/chat/scale";
    private const string DeploymentScale = $"/apis/apps/v1/namespaces/{ClusterHarness.Namespace}/deployments/chat/scale";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource timeout = new(TimeSpan.FromMinutes(3), TimeProvider.System);
    private ClusterHarness harness = null!;

    private CancellationToken Stop => timeout.Token;

    public async Task InitializeAsync()
    {
        harness = await ClusterHarness.StartAsync(new LocalClusterOptions { NodeList = [new ClusterNode { Name = "node-0", IsHollow = true }] }, Stop);
        await harness.StartOperatorAsync("a", Stop);
    }

    public async Task DisposeAsync()
    {
        await harness.DisposeAsync();
        timeout.Dispose();
    }

    [Fact]
    public async Task ServiceScaled_ReplicasFollowAndTheUsersApplyLeavesThem()
    {
        await harness.ApplyAsync("chat", Spec(replicas: 1), Stop);
        await ReadyAsync(1);
        var scale = await GetAsync(ServiceScale);
        (Number(scale, "spec"), Number(scale, "status")).Should().Be((1, 1));
        var selected = await harness.Client.ListAsync<V1Pod>(ClusterHarness.Namespace, new ListOptions { LabelSelector = scale["status"]!["selector"]!.GetValue<string>() }, Stop);
        selected.Items.Should().ContainSingle("the selector is how a scaler finds the pods that it measures");

        scale["spec"]!["replicas"] = 3;
        await harness.Client.SendAsync(HttpMethod.Put, $"{ServiceScale}?fieldManager=kube-controller-manager", scale, null, Stop);
        await ReadyAsync(3);
        await harness.ApplyAsync("chat", Spec(replicas: null), Stop);
        await harness.UntilQuietAsync(Stop);

        (await harness.FindAsync("chat", Stop))!.Spec.Replicas.Should().Be(3);
        (await harness.Client.GetAsync<V1Deployment>("chat", ClusterHarness.Namespace, Stop)).Spec!.Replicas.Should().Be(3);
    }

    [Theory]
    [InlineData(ServiceScale)]
    [InlineData(DeploymentScale)]
    public async Task ScaledToZeroAndBack_StaysWhereTheScalerPutIt(string scale)
    {
        await harness.ApplyAsync("chat", Spec(replicas: scale == ServiceScale ? 1 : null), Stop);
        await ReadyAsync(1);

        await ScaleAsync(scale, 0);
        await UntilAsync(s => s.Status is { Replicas: 0, DesiredReplicas: 0 } && s.Status.Conditions!.Any(c => c is { Type: "Ready", Status: "True", Reason: "ScaledToZero" }));
        await harness.UntilQuietAsync(Stop);
        Number(await GetAsync(scale), "spec").Should().Be(0);

        await ScaleAsync(scale, 2);
        await ReadyAsync(2);
        await harness.UntilQuietAsync(Stop);
        Number(await GetAsync(scale), "spec").Should().Be(2);
    }

    [Fact]
    public async Task DeploymentScaled_SpecThenNamesANumber_TheSpecCounts()
    {
        await harness.ApplyAsync("chat", Spec(replicas: null), Stop);
        await ReadyAsync(1);
        await ScaleAsync(DeploymentScale, 3);
        await ReadyAsync(3);

        await harness.ApplyAsync("chat", Spec(replicas: 2), Stop);

        await ReadyAsync(2);
    }

    [Fact]
    public async Task OperatorsOwnAutoscaler_ScaleOfTheServiceIsRefused()
    {
        await harness.ApplyAsync("chat", Spec(replicas: null) with { Autoscaling = new AutoscalingSpec { MinReplicas = 1, MaxReplicas = 2 } }, Stop);
        await ReadyAsync(1);

        var refusal = (await FluentActions.Awaiting(() => ScaleAsync(ServiceScale, 2)).Should().ThrowAsync<KubernetesException>()).Which;

        refusal.StatusCode.Should().Be(HttpStatusCode.UnprocessableEntity);
        refusal.Message.Should().Contain("autoscaling");
    }

    private static InferenceServiceSpec Spec(int? replicas) => new ServiceWish(1, 0, 0).ToSpec() with { Replicas = replicas };

    private static int Number(JsonObject scale, string member) => scale[member]?["replicas"]?.GetValue<int>() ?? 0;

    private async Task<JsonObject> GetAsync(string scale) => (await harness.Client.SendAsync(HttpMethod.Get, scale, null, null, Stop))!.AsObject();

    private Task ScaleAsync(string scale, int replicas) => harness.Client.SendAsync(
        HttpMethod.Patch, $"{scale}?fieldManager=keda-operator", new JsonObject { ["spec"] = new JsonObject { ["replicas"] = replicas } }, "application/merge-patch+json", Stop);

    private Task ReadyAsync(int replicas) => UntilAsync(s => s.Status is { } status && status.ReadyReplicas == replicas && status.Replicas == replicas && status.DesiredReplicas == replicas
        && status.ObservedGeneration == s.Metadata.Generation && status.Conditions!.Any(c => c is { Type: "Ready", Status: "True" }) && status.Conditions!.All(c => c.Type != "Reconciling"));

    private Task UntilAsync(Func<V1Alpha1InferenceService, bool> holds) => ClusterHarness.UntilAsync(
        async () => await harness.FindAsync("chat", Stop) is { } service && holds(service) ? null : $"{System.Text.Json.JsonSerializer.Serialize((await harness.FindAsync("chat", Stop))?.Status)}\n{string.Join('\n', harness.Log.Lines)}",
        Limit,
        Stop);
}
