using System.Net;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Integrations;
using Octavo.Operator.Tests.Controller;

namespace Octavo.Operator.Tests.Integrations;

/// <summary>Objects of kinds that a cluster may not have.</summary>
public sealed class IntegrationTests
{
    private readonly OperatorHarness harness = new();

    internal static GatewaySpec Gateway { get; } = new()
    {
        HttpRoute = new HttpRouteSpec { ParentRefs = [new ParentReferenceSpec { Name = "public", Namespace = "gateways" }], Hostnames = ["chat.example.com"], ToInferencePool = true },
        InferencePool = new InferencePoolSpec { EndpointPicker = new EndpointPickerSpec { Name = "picker", FailureMode = "FailOpen" } },
    };

    private static MonitoringSpec Monitoring => new() { Scrape = "PodMonitor", Alerts = true, IntervalSeconds = 5, Labels = new Dictionary<string, string> { ["release"] = "prometheus" } };

    [Fact]
    public async Task Monitoring_KindsAreThere_ObjectsAreWrittenOnceAndLeftAlone()
    {
        await harness.CreateAsync(OperatorHarness.Spec() with { Monitoring = Monitoring });

        await harness.ReconcileAsync();

        var monitor = await GetAsync<PodMonitor>();
        monitor.Metadata.Labels.Should().Contain("release", "prometheus").And.Contain("app.kubernetes.io/managed-by", "octavo-operator");
        monitor.Metadata.OwnerReferences.Should().ContainSingle();
        Json(monitor.Spec).Should().Be("""
            {"selector":{"matchLabels":{"app.kubernetes.io/name":"octavo-serving","serving.octavo.dev/inference-service":"chat"}},"podMetricsEndpoints":[{"port":"http","path":"/metrics","interval":"5s"}],"podTargetLabels":["serving.octavo.dev/inference-service"]}
            """.Trim());
        Json((await GetAsync<PrometheusRule>()).Spec).Should().Contain("avg(vllm:num_requests_waiting{namespace=\\u0022team\\u0022,serving_octavo_dev_inference_service=\\u0022chat\\u0022}) \\u003E 16");
        (await harness.ConditionAsync("MonitoringReady"))!.Should().Match<V1Condition>(c => c.Status == "True" && c.Reason == "Applied");
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Monitoring_OtherKindOrNoneIsAsked_WhatWasThereGoes()
    {
        await harness.CreateAsync(OperatorHarness.Spec() with { Monitoring = Monitoring });
        await harness.ReconcileAsync();
        await harness.ChangeSpecAsync(spec => spec with { Monitoring = new MonitoringSpec { Scrape = "ServiceMonitor" } });
        await harness.ReconcileAsync();

        (await FindAsync<PodMonitor>()).Should().BeNull();
        (await FindAsync<PrometheusRule>()).Should().BeNull();
        (await FindAsync<ServiceMonitor>()).Should().NotBeNull();
        await harness.ChangeSpecAsync(spec => spec with { Monitoring = null });
        await harness.ReconcileAsync();
        (await FindAsync<ServiceMonitor>()).Should().BeNull();
        (await harness.ConditionAsync("MonitoringReady")).Should().BeNull();
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Routing_KindsAreThere_RouteLeadsToThePool()
    {
        await harness.CreateAsync(OperatorHarness.Spec() with { Gateway = Gateway });

        await harness.ReconcileAsync();

        Json((await GetAsync<HTTPRoute>()).Spec).Should().Be("""
            {"parentRefs":[{"name":"public","namespace":"gateways"}],"rules":[{"backendRefs":[{"name":"chat","port":8000,"group":"inference.networking.k8s.io","kind":"InferencePool"}]}],"hostnames":["chat.example.com"]}
            """.Trim());
        Json((await GetAsync<InferencePool>()).Spec).Should().Be("""
            {"selector":{"matchLabels":{"app.kubernetes.io/name":"octavo-serving","serving.octavo.dev/inference-service":"chat"}},"targetPorts":[{"number":8000}],"endpointPickerRef":{"name":"picker","port":{"number":9002},"failureMode":"FailOpen"}}
            """.Trim());
        (await harness.ConditionAsync("RoutingReady"))!.Status.Should().Be("True");
    }

    [Fact]
    public async Task Routing_KindIsMissing_ServiceIsReadyAllTheSameAndTheRouteComesWithTheKind()
    {
        harness.Missing.Add(typeof(HTTPRoute));
        await harness.CreateAsync(OperatorHarness.Spec() with { Gateway = Gateway });
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 1);
        await harness.ReconcileAsync();

        (await harness.ConditionAsync("RoutingReady"))!.Should().Match<V1Condition>(c => c.Status == "False" && c.Reason == "KindMissing" && c.Message!.StartsWith("HTTPRoute", StringComparison.Ordinal));
        (await harness.ConditionAsync("Ready"))!.Status.Should().Be("True");
        KStatus.Of(await harness.ServiceAsync()).Should().Be("Current", "serving does not need the kind");
        (await harness.EventsAsync()).Should().ContainSingle(e => e.Reason == "KindMissing");
        (await FindAsync<HTTPRoute>()).Should().BeNull();
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();

        harness.Missing.Clear();
        await harness.ReconcileAsync();
        (await FindAsync<HTTPRoute>()).Should().NotBeNull();
        (await harness.ConditionAsync("RoutingReady"))!.Status.Should().Be("True");

        // And it vanishes, with its objects, as when a CRD is deleted.
        harness.Missing.Add(typeof(HTTPRoute));
        await harness.ReconcileAsync();
        (await harness.ConditionAsync("RoutingReady"))!.Reason.Should().Be("KindMissing");
    }

    [Theory]
    [InlineData(HttpStatusCode.Forbidden, "ObjectRefused")]
    [InlineData(HttpStatusCode.UnprocessableEntity, "ObjectRefused")]
    [InlineData(HttpStatusCode.BadRequest, "ObjectRefused")]
    [InlineData(HttpStatusCode.NotFound, "KindMissing")]
    public async Task Monitoring_ServerRefuses_IsAFindingAndNothingMore(HttpStatusCode code, string reason)
    {
        await harness.CreateAsync(OperatorHarness.Spec() with { Monitoring = Monitoring });
        harness.Client.OnRequest = (request, _) => request is { Verb: "apply", Kind: "PodMonitor" } ? throw new KubernetesException(code, null, "no") : Task.CompletedTask;

        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 1);
        await harness.ReconcileAsync();

        (await harness.ConditionAsync("MonitoringReady"))!.Reason.Should().Be(reason);
        (await harness.ConditionAsync("Ready"))!.Status.Should().Be("True");
        (await harness.ConditionAsync("Stalled")).Should().BeNull();
    }

    [Fact]
    public async Task Routing_ForeignRouteOfThatName_IsLeftAlone()
    {
        var foreign = new HTTPRoute { Metadata = new V1ObjectMeta { Name = OperatorHarness.Name, NamespaceProperty = OperatorHarness.Namespace } };
        await harness.Client.CreateAsync(foreign, null, CancellationToken.None);
        await harness.CreateAsync(OperatorHarness.Spec() with { Gateway = Gateway });

        await harness.ReconcileAsync();
        await harness.ChangeSpecAsync(spec => spec with { Gateway = null });
        await harness.ReconcileAsync();

        (await GetAsync<HTTPRoute>()).Spec.Should().BeNull();
        (await FindAsync<InferencePool>()).Should().BeNull();
    }

    private static string Json(System.Text.Json.JsonElement? spec) => JsonNode.Parse(spec!.Value.GetRawText())!.ToJsonString();

    private Task<T> GetAsync<T>() where T : class, IKubernetesObject => harness.Client.GetAsync<T>(OperatorHarness.Name, OperatorHarness.Namespace, CancellationToken.None);

    private Task<T?> FindAsync<T>() where T : class, IKubernetesObject => harness.Client.FindAsync<T>(OperatorHarness.Name, OperatorHarness.Namespace, CancellationToken.None);
}
