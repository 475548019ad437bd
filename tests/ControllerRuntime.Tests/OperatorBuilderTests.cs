using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Finalizer;
using Octavo.ControllerRuntime.LeaderElection;
using Octavo.ControllerRuntime.Reconciliation;
using Octavo.ControllerRuntime.Tests.Entities;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.TestSupport;
using Octavo.TestSupport.Kubernetes;

namespace Octavo.ControllerRuntime.Tests;

public sealed class OperatorBuilderTests
{
    private readonly FakeTimeProvider clock = new();
    private readonly FakeKubernetesClient api = new();

    [Fact]
    public async Task Host_WidgetIsMadeAndDeleted_ReconcilesAndFinalizesIt()
    {
        using var host = await StartAsync();
        await api.CreateAsync(Widget.Named("w"), null, default);

        await Eventually.HoldsAsync(() => Log(host).Contains("reconcile w with example.dev/test"), "the finalizer is attached first, then it is reconciled");
        await api.DeleteAsync<Widget>("w", "n", null, default);
        await Eventually.HoldsAsync(() => Log(host).Contains("deleted n/w"), "it is finalized and gone");

        Log(host).Should().ContainInOrder("reconcile w with example.dev/test", "finalize w", "deleted n/w");
        (await api.FindAsync<Widget>("w", "n", default)).Should().BeNull();
        await host.StopAsync();
    }

    [Fact]
    public async Task Host_OwnedDeploymentChanges_WakesTheOwner()
    {
        await api.CreateAsync(Widget.Named("w"), null, default);
        using var host = await StartAsync();
        await Eventually.HoldsAsync(() => Log(host).Count == 2, "it is reconciled, and again because its finalizer was attached");

        await api.CreateAsync(
            new V1Deployment
            {
                Metadata = new V1ObjectMeta { Name = "d", NamespaceProperty = "n", OwnerReferences = [new V1OwnerReference { ApiVersion = "example.dev/v1", Kind = "Widget", Name = "w", Uid = "u" }] },
            },
            null,
            default);

        await Eventually.HoldsAsync(() => Log(host).Count > 2, "it is reconciled again");
        host.Services.GetRequiredService<Lister<V1Deployment>>().Get("n", "d").Should().NotBeNull();
        await host.StopAsync();
    }

    [Fact]
    public async Task Host_AnotherLeads_FillsCachesButDoesNotWork()
    {
        await api.CreateAsync(Widget.Named("w"), null, default);
        using var leader = await StartAsync(elect: true, identity: "one");
        await Eventually.HoldsAsync(() => Log(leader).Count > 0, clock, TimeSpan.FromSeconds(1), "the leader works");
        using var other = await StartAsync(elect: true, identity: "two");
        await Eventually.HoldsAsync(() => other.Services.GetRequiredService<InformerSet>().HasSynced, "the caches are full");
        Log(other).Should().BeEmpty();
        other.Services.GetRequiredService<Leadership>().IsLeader.Should().BeFalse();

        await leader.StopAsync();
        await Eventually.HoldsAsync(() => Log(other).Count > 0, clock, TimeSpan.FromSeconds(1), "the other takes over");
        await other.StopAsync();
    }

    [Fact]
    public async Task Host_CacheOfOwnedKindIsNotFull_DoesNotWork()
    {
        await api.CreateAsync(Widget.Named("w"), null, default);
        using var hold = new SemaphoreSlim(0);
        api.OnRequest = (request, token) => request is { Verb: "list", Kind: "Deployment" } ? hold.WaitAsync(token) : Task.CompletedTask;
        using var host = await StartAsync();
        var widgets = host.Services.GetRequiredService<SharedInformer<Widget>>();
        await widgets.WaitForSyncAsync(default);

        Log(host).Should().BeEmpty();
        host.Services.GetRequiredService<InformerSet>().NotSynced.Should().Equal("deployments");
        hold.Release();
        await Eventually.HoldsAsync(() => Log(host).Count > 0, "it works");
        await host.StopAsync();
    }

    [Fact]
    public void AddInformer_OtherOptions_IsRefused()
    {
        var builder = new ServiceCollection().AddKubernetesOperator(o => o.LeaderElection = new LeaderElectionOptions { Enabled = false });
        builder.AddInformer<V1Pod>(new InformerOptions { LabelSelector = "a" }).AddInformer<V1Pod>();

        builder.Invoking(b => b.AddInformer<V1Pod>(new InformerOptions { LabelSelector = "b" })).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void AddKubernetesOperator_BadOptions_NamesAllErrors()
    {
        var add = () => new ServiceCollection().AddKubernetesOperator(o =>
            o.LeaderElection = new LeaderElectionOptions { Identity = "", LeaseNamespace = "" });

        add.Should().Throw<ArgumentException>().WithMessage("*LeaseNamespace*Identity*");
    }

    private static ConcurrentQueue<string> Log(IHost host) => host.Services.GetRequiredService<ConcurrentQueue<string>>();

    private async Task<IHost> StartAsync(bool elect = false, string identity = "me")
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.Services.AddSingleton<IKubernetesClient>(api);
        builder.Services.AddSingleton(new ConcurrentQueue<string>());
        builder.Services
            .AddKubernetesOperator(o =>
            {
                o.Name = "test";
                o.LeaderElection = new LeaderElectionOptions { Enabled = elect, LeaseNamespace = "n", Identity = identity };
            })
            .AddController<WidgetController, Widget>(c => c.Owns<V1Deployment>())
            .AddFinalizer<WidgetFinalizer, Widget>();
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private sealed class WidgetController(ConcurrentQueue<string> log) : IEntityController<Widget>
    {
        public Task<ReconciliationResult<Widget>> ReconcileAsync(Widget entity, CancellationToken cancellationToken)
        {
            log.Enqueue($"reconcile {entity.Metadata.Name} with {string.Join(',', entity.Metadata.Finalizers ?? [])}");
            return Task.FromResult(ReconciliationResult<Widget>.Success(entity));
        }

        public Task DeletedAsync(NamespacedName key, CancellationToken cancellationToken)
        {
            log.Enqueue($"deleted {key}");
            return Task.CompletedTask;
        }
    }

    private sealed class WidgetFinalizer(ConcurrentQueue<string> log) : IEntityFinalizer<Widget>
    {
        public string Identifier => "example.dev/test";

        public Task<ReconciliationResult<Widget>> FinalizeAsync(Widget entity, CancellationToken cancellationToken)
        {
            log.Enqueue($"finalize {entity.Metadata.Name}");
            return Task.FromResult(ReconciliationResult<Widget>.Success(entity));
        }
    }
}
