using System.Net;
using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Finalizer;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Deletion;
using Octavo.Operator.Entities;
using Octavo.Operator.Integrations;
using Octavo.Operator.Tests.Controller;
using Octavo.Operator.Tests.Integrations;

namespace Octavo.Operator.Tests.Deletion;

public sealed class OrderedDeletionTests
{
    private readonly OperatorHarness harness = new();
    private readonly FinalizerManager<V1Alpha1InferenceService> finalizers;

    public OrderedDeletionTests() => finalizers = new FinalizerManager<V1Alpha1InferenceService>(harness.Client, [harness.Deletion], new OperatorRuntimeOptions());

    [Fact]
    public async Task AttachAsync_NothingNeedsAnOrder_NoFinalizerIsSetAndNothingWritten()
    {
        await harness.CreateAsync();
        harness.Client.ClearRequests();

        await finalizers.AttachAsync(await harness.ServiceAsync(), CancellationToken.None);

        harness.Client.Writes.Should().BeEmpty("such a service, and its namespace, goes even without an operator");
    }

    [Fact]
    public async Task AttachAsync_RouteIsAskedForAndNoLonger_FinalizerComesAndGoes()
    {
        await harness.CreateAsync(OperatorHarness.Spec() with { Gateway = IntegrationTests.Gateway });

        (await finalizers.AttachAsync(await harness.ServiceAsync(), CancellationToken.None)).Metadata.Finalizers.Should().Equal(OrderedDeletion.Finalizer);
        await harness.ChangeSpecAsync(spec => spec with { Gateway = null });
        (await finalizers.AttachAsync(await harness.ServiceAsync(), CancellationToken.None)).Metadata.Finalizers.Should().BeNullOrEmpty();
    }

    [Fact]
    public async Task FinalizeAsync_RunningService_RoutesGoThenReplicasAndTheServiceStaysUntilThen()
    {
        await DeleteRunningAsync();

        (await FinalizeAsync()).Should().BeFalse();
        (await FindAsync<HTTPRoute>()).Should().BeNull();
        (await FindAsync<V1Deployment>()).Should().NotBeNull("replicas end when nobody is led to them any more");
        (await FinalizeAsync()).Should().BeFalse();
        (await FindAsync<InferencePool>()).Should().BeNull();
        (await FinalizeAsync()).Should().BeFalse();
        (await FindAsync<V1Deployment>()).Should().BeNull();
        (await FinalizeAsync()).Should().BeFalse("a replica still drains");
        (await FindAsync<V1Service>()).Should().NotBeNull();
        await harness.Client.DeleteAsync<V1Pod>("chat-0", OperatorHarness.Namespace, null, CancellationToken.None);

        (await FinalizeAsync()).Should().BeTrue();

        (await FindAsync<V1Alpha1InferenceService>()).Should().BeNull("the last finalizer is off");
        (await harness.EventsAsync()).Should().NotContain(e => e.Reason == "DeletionNotOrdered");
    }

    [Fact]
    public async Task FinalizeAsync_ReplicaNeverEnds_LetsGoWhenTheDrainMustBeOver()
    {
        await DeleteRunningAsync();
        for (var i = 0; i < 4; i++)
        {
            (await FinalizeAsync()).Should().BeFalse();
        }

        harness.Time.Advance(TimeSpan.FromSeconds(30 + 46));

        (await FinalizeAsync()).Should().BeTrue();
        (await FindAsync<V1Alpha1InferenceService>()).Should().BeNull();
        (await harness.EventsAsync()).Should().ContainSingle(e => e.Reason == "DeletionNotOrdered");
    }

    [Fact]
    public async Task FinalizeAsync_EveryDeleteFails_LetsGoAtTheDeadline()
    {
        await DeleteRunningAsync();
        harness.Client.OnRequest = (request, _) => request.Verb == "delete" ? throw new KubernetesException(HttpStatusCode.InternalServerError, null, "etcd is gone") : Task.CompletedTask;
        (await FinalizeAsync()).Should().BeFalse();

        harness.Time.Advance(TimeSpan.FromMinutes(5));

        (await FinalizeAsync()).Should().BeTrue();
        (await FindAsync<V1Alpha1InferenceService>()).Should().BeNull();
    }

    [Theory]
    [InlineData(HttpStatusCode.Forbidden)]
    [InlineData(HttpStatusCode.NotFound)]
    [InlineData(HttpStatusCode.MethodNotAllowed)]
    public async Task FinalizeAsync_ServerForbidsAStep_IsSkippedAtOnce(HttpStatusCode code)
    {
        await DeleteRunningAsync();
        await harness.Client.DeleteAsync<V1Pod>("chat-0", OperatorHarness.Namespace, null, CancellationToken.None);
        harness.Client.OnRequest = (request, _) => request.Verb == "delete" ? throw new KubernetesException(code, null, "no") : Task.CompletedTask;

        var done = false;
        for (var i = 0; i < 4 && !done; i++)
        {
            done = await FinalizeAsync();
        }

        done.Should().BeTrue("waiting cannot help");
    }

    [Fact]
    public async Task FinalizeAsync_NamespaceIsGoing_NothingToDoIsDoneAtOnce()
    {
        await DeleteRunningAsync();
        await harness.Client.DeleteAsync<HTTPRoute>(OperatorHarness.Name, OperatorHarness.Namespace, null, CancellationToken.None);
        await harness.Client.DeleteAsync<InferencePool>(OperatorHarness.Name, OperatorHarness.Namespace, null, CancellationToken.None);
        await harness.Client.DeleteAsync<V1Deployment>(OperatorHarness.Name, OperatorHarness.Namespace, null, CancellationToken.None);
        await harness.Client.DeleteAsync<V1Pod>("chat-0", OperatorHarness.Namespace, null, CancellationToken.None);
        harness.Missing.Add(typeof(HTTPRoute));

        (await FinalizeAsync()).Should().BeTrue();
    }

    private async Task DeleteRunningAsync()
    {
        await harness.CreateAsync(OperatorHarness.Spec() with { Gateway = IntegrationTests.Gateway });
        await finalizers.AttachAsync(await harness.ServiceAsync(), CancellationToken.None);
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 1);
        await harness.ReconcileAsync();
        await harness.Client.DeleteAsync<V1Alpha1InferenceService>(OperatorHarness.Name, OperatorHarness.Namespace, null, CancellationToken.None);
    }

    /// <summary>Caches catch up, then one look; true once nothing is left to do.</summary>
    private async Task<bool> FinalizeAsync()
    {
        await harness.SyncAsync();
        var result = await finalizers.FinalizeAsync(await harness.ServiceAsync(), CancellationToken.None);
        result.IsSuccess.Should().BeTrue();
        return result.RequeueAfter is null;
    }

    private Task<T?> FindAsync<T>() where T : class, IKubernetesObject => harness.Client.FindAsync<T>(OperatorHarness.Name, OperatorHarness.Namespace, CancellationToken.None);
}
