using Octavo.ControllerRuntime.Finalizer;
using Octavo.ControllerRuntime.Reconciliation;
using Octavo.ControllerRuntime.Tests.Entities;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.TestSupport.Kubernetes;

namespace Octavo.ControllerRuntime.Tests.Finalizer;

public sealed class FinalizerManagerTests
{
    private readonly FakeKubernetesClient api = new();
    private readonly List<string> calls = [];

    [Fact]
    public async Task AttachAsync_Missing_AddsThemBesideOthersOnce()
    {
        var manager = Manager(Finalizer("example.dev/a"), Finalizer("example.dev/b"));
        var entity = await api.CreateAsync(Widget.Named("w") with { Metadata = new V1ObjectMeta { Name = "w", NamespaceProperty = "n", Finalizers = ["theirs"] } }, null, default);

        var attached = await manager.AttachAsync(entity, default);
        var again = await manager.AttachAsync(attached, default);

        again.Metadata.Finalizers.Should().Equal("theirs", "example.dev/a", "example.dev/b");
        api.Writes.Should().ContainSingle(w => w.Verb == "patch").Which.FieldManager.Should().Be("an-operator");
    }

    [Fact]
    public async Task AttachAsync_StaleObject_IsAConflict()
    {
        var manager = Manager(Finalizer("example.dev/a"));
        var stale = await api.CreateAsync(Widget.Named("w"), null, default);
        await api.UpdateAsync(stale with { Spec = new WidgetSpec { Size = 2 } }, null, default);

        (await manager.Invoking(m => m.AttachAsync(stale, default)).Should().ThrowAsync<KubernetesException>()).Which.IsConflict.Should().BeTrue();
    }

    [Fact]
    public async Task FinalizeAsync_AllSucceed_LetsTheObjectGo()
    {
        var manager = Manager(Finalizer("example.dev/a"), Finalizer("example.dev/b"));
        var entity = await DeletingAsync("example.dev/a", "example.dev/b");

        var result = await manager.FinalizeAsync(entity, default);

        result.IsSuccess.Should().BeTrue();
        calls.Should().Equal("example.dev/a", "example.dev/b");
        (await api.FindAsync<Widget>("w", "n", default)).Should().BeNull();
    }

    [Fact]
    public async Task FinalizeAsync_OneIsNotDone_KeepsItAndTheRest()
    {
        var manager = Manager(
            Finalizer("example.dev/a"), Finalizer("example.dev/b", e => ReconciliationResult<Widget>.Success(e, TimeSpan.FromSeconds(5))), Finalizer("example.dev/c"));
        var entity = await DeletingAsync("example.dev/a", "example.dev/b", "example.dev/c");

        var result = await manager.FinalizeAsync(entity, default);

        result.RequeueAfter.Should().Be(TimeSpan.FromSeconds(5));
        calls.Should().Equal("example.dev/a", "example.dev/b");
        (await api.GetAsync<Widget>("w", "n", default)).Metadata.Finalizers.Should().Equal("example.dev/b", "example.dev/c");
    }

    [Fact]
    public async Task FinalizeAsync_OneFails_SaysSoAndKeepsIt()
    {
        var manager = Manager(Finalizer("example.dev/a", e => ReconciliationResult<Widget>.Failure(e, "still there")));
        var entity = await DeletingAsync("example.dev/a");

        (await manager.FinalizeAsync(entity, default)).ErrorMessage.Should().Be("still there");

        (await api.GetAsync<Widget>("w", "n", default)).Metadata.Finalizers.Should().Equal("example.dev/a");
    }

    [Fact]
    public async Task FinalizeAsync_ObjectAlreadyGone_IsDone()
    {
        var manager = Manager(Finalizer("example.dev/a"));
        var entity = await DeletingAsync("example.dev/a");
        await manager.FinalizeAsync(entity, default);

        (await manager.FinalizeAsync(entity, default)).IsSuccess.Should().BeTrue("a cache may be behind");
    }

    private async Task<Widget> DeletingAsync(params string[] finalizers)
    {
        await api.CreateAsync(Widget.Named("w") with { Metadata = new V1ObjectMeta { Name = "w", NamespaceProperty = "n", Finalizers = finalizers } }, null, default);
        await api.DeleteAsync<Widget>("w", "n", null, default);
        return await api.GetAsync<Widget>("w", "n", default);
    }

    private FinalizerManager<Widget> Manager(params IEntityFinalizer<Widget>[] finalizers) => new(api, finalizers, new OperatorRuntimeOptions { Name = "an-operator" });

    private DelegateFinalizer Finalizer(string identifier, Func<Widget, ReconciliationResult<Widget>>? answer = null) =>
        new(identifier, entity =>
        {
            calls.Add(identifier);
            return answer?.Invoke(entity) ?? ReconciliationResult<Widget>.Success(entity);
        });

    private sealed class DelegateFinalizer(string identifier, Func<Widget, ReconciliationResult<Widget>> answer) : IEntityFinalizer<Widget>
    {
        public string Identifier => identifier;

        public Task<ReconciliationResult<Widget>> FinalizeAsync(Widget entity, CancellationToken cancellationToken) => Task.FromResult(answer(entity));
    }
}
