using System.Net;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Sidecar;
using Octavo.TestSupport;
using Octavo.TestSupport.Kubernetes;
using static Octavo.Operator.Tests.Sidecar.SidecarScene;

namespace Octavo.Operator.Tests.Sidecar;

/// <summary>What is done with the API server's refusals.</summary>
public sealed class SidecarApplierTests : IAsyncLifetime
{
    private const string OwnField = """.spec.template.spec.initContainers[name="octavo-serving"].image""";

    private static readonly SidecarRecord Record = Decide(App(), Service()).Record!;

    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 5, 1, 10, 0, 0, TimeSpan.Zero));
    private readonly FakeKubernetesClient client;
    private readonly SidecarApplier applier;
    private readonly Queue<KubernetesException?> answers = new();

    private V1Deployment live = null!;

    public SidecarApplierTests()
    {
        client = new FakeKubernetesClient(time) { OnRequest = (_, _) => answers.TryDequeue(out var answer) && answer is not null ? Task.FromException(answer) : Task.CompletedTask };
        applier = new SidecarApplier(client, time);
    }

    public async Task InitializeAsync()
    {
        live = await client.CreateAsync(new V1Deployment { Metadata = new V1ObjectMeta { Name = "app", NamespaceProperty = "team" } }, null, CancellationToken.None);
        client.ClearRequests();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Apply_FirstTimeAndSomebodyHasTheFields_IsNeverForced()
    {
        answers.Enqueue(Conflict("conflict with \"kubectl-edit\" using apps/v1", OwnField));

        var note = await ApplyAsync(App());

        note.Should().Match<SidecarNote>(n => n.State == SidecarState.Conflict && n.Reason == "SidecarConflict" && n.Message.Contains("kubectl-edit"));
        client.Writes.Should().ContainSingle();
    }

    [Fact]
    public async Task Apply_OwnFieldChangedByHand_IsForcedOnceForTheSameContent()
    {
        answers.Enqueue(Conflict("conflict with \"kubectl-edit\" using apps/v1", OwnField));
        (await ApplyAsync(With(Record))).Should().BeNull();
        client.Writes.Should().HaveCount(2);

        answers.Enqueue(null);
        answers.Enqueue(Conflict("conflict with \"kubectl-edit\" using apps/v1", OwnField));
        await ApplyAsync(With(Record));
        (await ApplyAsync(With(Record)))!.Reason.Should().Be("SidecarConflict");
        client.Writes.Should().HaveCount(4);
    }

    [Theory]
    [InlineData("conflict with \"argocd-controller\"", OwnField)]
    [InlineData("conflict with \"kubectl-edit\" using apps/v1", ".spec.template.spec.runtimeClassName")]
    public async Task Apply_DeclaredByOthersOrTheUsersField_IsLeftToThem(string message, string field)
    {
        answers.Enqueue(Conflict(message, field));

        (await ApplyAsync(With(Record)))!.State.Should().Be(SidecarState.Conflict);

        client.Writes.Should().ContainSingle();
    }

    [Fact]
    public async Task Apply_Refused_IsTriedAgainWhenSomethingChangesOrAfterAWhile()
    {
        answers.Enqueue(Refusal(HttpStatusCode.UnprocessableEntity));
        (await ApplyAsync(App()))!.Reason.Should().Be("SidecarRefused");
        (await ApplyAsync(App()))!.Reason.Should().Be("SidecarRefused");
        client.Writes.Should().ContainSingle("nothing has changed");

        answers.Enqueue(Refusal(HttpStatusCode.Forbidden));
        await ApplyAsync(App(app => app["metadata"]!["generation"] = 4));
        client.Writes.Should().HaveCount(2);

        time.Advance(SidecarApplier.Pause);
        (await ApplyAsync(App(app => app["metadata"]!["generation"] = 4))).Should().BeNull();
        client.Writes.Should().HaveCount(3);
    }

    [Fact]
    public async Task Apply_DeploymentThatIsGone_MakesNoneAndSaysNothing()
    {
        await client.DeleteAsync<V1Deployment>("app", "team", null, CancellationToken.None);

        (await ApplyAsync(App())).Should().BeNull();

        (await client.ListAsync<V1Deployment>(null, null, CancellationToken.None)).Items.Should().BeEmpty();
    }

    [Fact]
    public async Task Apply_ServerTrouble_IsTheReconcilesToTryAgain()
    {
        answers.Enqueue(Refusal(HttpStatusCode.ServiceUnavailable));

        await FluentActions.Awaiting(() => ApplyAsync(App())).Should().ThrowAsync<KubernetesException>();

        (await ApplyAsync(App())).Should().BeNull();
        var made = (await client.ListAsync<V1Deployment>(null, null, CancellationToken.None)).Items.Single();
        made.Metadata.Annotations!.Keys.Should().Equal(SidecarNames.Record);
        made.Spec!.Selector.Should().BeNull("nothing but the sidecar's fields is sent");
    }

    private static KubernetesException Conflict(string message, string field) => new(
        HttpStatusCode.Conflict,
        new V1Status { Reason = "Conflict", Details = new V1StatusDetails { Causes = [new V1StatusCause { Reason = "FieldManagerConflict", Message = message, Field = field }] } },
        $"Apply failed with 1 conflict: {message}: {field}");

    private static KubernetesException Refusal(HttpStatusCode code) => new(code, new V1Status { Reason = "Refused" }, $"refused with {code}");

    private Task<SidecarNote?> ApplyAsync(InjectedDeployment deployment) =>
        applier.ApplyAsync(deployment with { Metadata = deployment.Metadata with { Uid = live.Metadata.Uid } }, Record, CancellationToken.None);
}
