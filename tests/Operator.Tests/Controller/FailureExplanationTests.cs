using System.Net;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Configuration;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Tests.Controller;

/// <summary>What a user reads when it does not work.</summary>
public sealed class FailureExplanationTests
{
    private readonly OperatorHarness harness = new();

    [Theory]
    [InlineData("pvc:///path", "pvc")]
    [InlineData("s3:///key", "s3")]
    [InlineData("file:///", "file")]
    public async Task UnsupportedSource_NoPodIsMade(string uri, string scheme)
    {
        await harness.CreateAsync(OperatorHarness.Spec(uri));

        await harness.ReconcileAsync();

        (await harness.DeploymentAsync()).Should().BeNull();
        var model = (await harness.ConditionAsync("ModelReady"))!;
        (model.Status, model.Reason).Should().Be(("False", "UnsupportedSource"));
        model.Message.Should().Contain(uri).And.Contain($"scheme {scheme} ");
        (await harness.ConditionAsync("Ready"))!.Reason.Should().Be("UnsupportedSource");
        KStatus.Of(await harness.ServiceAsync()).Should().Be("Failed");
        (await harness.EventsAsync()).Should().ContainSingle(e => e.Reason == "ModelUnsupportedSource" && e.Type == "Warning");
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task AcceleratorWithDefaultImage_IsRefusedAndTheRunningReplicasStay()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        await harness.ChangeSpecAsync(spec => spec with { Accelerator = new AcceleratorSpec { Resource = "nvidia.com/gpu" } });

        await harness.ReconcileAsync();

        (await harness.ConditionAsync("WorkloadReady"))!.Reason.Should().Be("AcceleratorNotSupported");
        (await harness.DeploymentAsync())!.Spec!.Template!.Spec!.Containers![0].Resources.Should().BeNull();
        KStatus.Of(await harness.ServiceAsync()).Should().Be("Failed");
    }

    [Fact]
    public async Task AcceleratorWithAnImageOfTheOperatorsForIt_RunsThatImageFetchIncluded()
    {
        harness.Controller = harness.Create(new OperatorOptions { RuntimeImage = "octavo/serving-runtime:1", AcceleratorImage = "octavo/serving-runtime:1-cuda" });
        await harness.CreateAsync(OperatorHarness.Spec() with { Accelerator = new AcceleratorSpec { Resource = "nvidia.com/gpu" } });

        await harness.ReconcileAsync();

        var pod = (await harness.DeploymentAsync())!.Spec!.Template!.Spec!;
        pod.Containers!.Concat(pod.InitContainers!).Select(c => c.Image).Distinct().Should().Equal("octavo/serving-runtime:1-cuda");
    }

    [Theory]
    [InlineData(10, "loading\n/models/tiny does not exist\n", "NotFound", "/models/tiny does not exist")]
    [InlineData(11, "config.json is missing", "InvalidModel", "file:///models/tiny: config.json is missing")]
    [InlineData(14, null, "NoSpace", "Fetching file:///models/tiny ended with exit code 14.")]
    [InlineData(15, "config.json should have sha256:a and has sha256:b", "ChecksumMismatch", "file:///models/tiny: config.json should have sha256:a and has sha256:b")]
    [InlineData(16, "the source asks for fewer requests", "RateLimited", "file:///models/tiny: the source asks for fewer requests")]
    [InlineData(17, "connection refused", "Network", "file:///models/tiny: connection refused")]
    [InlineData(143, "stopped", "FetchFailed", "file:///models/tiny: stopped")]
    [InlineData(1, "boom", "FetchFailed", "file:///models/tiny: boom")]
    [InlineData(137, null, "FetchFailed", "Fetching file:///models/tiny ended with exit code 137.")]
    public async Task FetchFails_ModelReadyNamesThePathAndWhy(int exitCode, string? log, string reason, string message)
    {
        await RunAsync(Pods.FetchFailed(exitCode, log));

        var condition = (await harness.ConditionAsync("ModelReady"))!;
        (condition.Status, condition.Reason, condition.Message).Should().Be(("False", reason, message));
        (await harness.ConditionAsync("Ready"))!.Reason.Should().Be(reason);
        (await harness.EventsAsync()).Should().ContainSingle(e => e.Reason == "Model" + reason);
    }

    [Fact]
    public async Task FetchFails_ModelAppearsLater_Recovers()
    {
        await RunAsync(Pods.FetchFailed(10, "/models/tiny does not exist"));
        KStatus.Of(await harness.ServiceAsync()).Should().Be("Failed");

        await harness.RolloutAsync(ready: 1);
        await harness.ReconcileAsync();

        KStatus.Of(await harness.ServiceAsync()).Should().Be("Current");
    }

    [Fact]
    public async Task SchedulerFindsNoNode_ItsSentenceIsCopied()
    {
        const string Sentence = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.";
        await RunAsync(Pods.Unschedulable(Sentence));

        var condition = (await harness.ConditionAsync("WorkloadReady"))!;
        (condition.Reason, condition.Message).Should().Be(("Unschedulable", Sentence));
        (await harness.EventsAsync()).Should().ContainSingle(e => e.Reason == "Unschedulable" && e.Message == Sentence);
    }

    [Fact]
    public async Task RuntimeCrashes_LastLineOfItsLogIsShown()
    {
        await RunAsync(Pods.Crashing(1, "starting\nKV cache: 64 blocks cannot hold one request of 8192 tokens; the largest feasible length is 1024\n"));

        var condition = (await harness.ConditionAsync("WorkloadReady"))!;
        condition.Reason.Should().Be("CrashLoopBackOff");
        condition.Message.Should().Be("Pod chat-0: container runtime ended with exit code 1: KV cache: 64 blocks cannot hold one request of 8192 tokens; the largest feasible length is 1024");
        (await harness.ConditionAsync("ModelReady"))!.Status.Should().Be("Unknown");
    }

    [Fact]
    public async Task RuntimeCrashes_EveryTryIsNoTransition()
    {
        await RunAsync(Pods.Crashing(1, "boom"));
        await harness.RolloutAsync(ready: 0, _ => Pods.TryingAgain(1, "boom"));

        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task RuntimeOutOfMemory_SaysSo()
    {
        await RunAsync(Pods.Crashing(137, null, "OOMKilled"));

        (await harness.ConditionAsync("WorkloadReady"))!.Message.Should().Contain("exit code 137 (OOMKilled)");
    }

    [Fact]
    public async Task ImageCannotBePulled_SaysWhich()
    {
        await RunAsync(Pods.Waiting("ImagePullBackOff", "Back-off pulling image \"nope:1\""));

        (await harness.ConditionAsync("WorkloadReady"))!.Message.Should().Contain("nope:1");
    }

    [Fact]
    public async Task RolloutStandsStill_IsStalled()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 0);
        var deployment = (await harness.DeploymentAsync())!;
        var stuck = new V1DeploymentCondition { Type = "Progressing", Status = "False", Reason = "ProgressDeadlineExceeded", Message = "ReplicaSet \"chat-1\" has timed out progressing." };
        await harness.Client.UpdateStatusAsync(deployment with { Status = deployment.Status! with { Conditions = [stuck] } }, null, CancellationToken.None);

        await harness.ReconcileAsync();

        (await harness.ConditionAsync("Progressing"))!.Status.Should().Be("False");
        KStatus.Of(await harness.ServiceAsync()).Should().Be("Failed");
    }

    [Fact]
    public async Task PodsCannotBeCreated_TheReasonIsCopied()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 0);
        var deployment = (await harness.DeploymentAsync())!;
        var refused = new V1DeploymentCondition { Type = "ReplicaFailure", Status = "True", Reason = "FailedCreate", Message = "pods \"chat-1\" is forbidden: exceeded quota" };
        await harness.Client.UpdateStatusAsync(deployment with { Status = deployment.Status! with { Conditions = [refused] } }, null, CancellationToken.None);

        await harness.ReconcileAsync();

        var condition = (await harness.ConditionAsync("WorkloadReady"))!;
        (condition.Reason, condition.Message).Should().Be(("FailedCreate", "pods \"chat-1\" is forbidden: exceeded quota"));
    }

    [Fact]
    public async Task DeploymentIsInvalid_SaysSoAndDoesNotTryForEver()
    {
        const string Message = "Deployment.apps \"chat\" is invalid: spec.template.labels: Invalid value: \"a b\"";
        await harness.CreateAsync();
        harness.Client.OnRequest = (request, _) => request is { Verb: "apply", Kind: "Deployment" }
            ? throw new KubernetesException(HttpStatusCode.UnprocessableEntity, null, Message)
            : Task.CompletedTask;

        await harness.ReconcileAsync();

        (await harness.ConditionAsync("WorkloadReady"))!.Message.Should().Be(Message);
        KStatus.Of(await harness.ServiceAsync()).Should().Be("Failed");
    }

    [Fact]
    public async Task OnePodOfManyIsLost_ReadyTellsIt()
    {
        await harness.CreateAsync(OperatorHarness.Spec() with { Replicas = 2 });
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 2);
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 1, i => i == 0 ? Pods.Ready("127.1.0.1") : new V1PodStatus { Phase = "Pending" });

        await harness.ReconcileAsync();

        (await harness.ConditionAsync("Ready"))!.Message.Should().Be("1 of 2 replicas are ready.");
        (await harness.ConditionAsync("ModelReady"))!.Status.Should().Be("True");
        (await harness.EventsAsync()).Should().ContainSingle(e => e.Reason == "NotReady");
    }

    [Fact]
    public async Task ChangedSpecIsRefused_OldReplicasAnswer_ReadyStaysAndTheFailureIsStalled()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 1);
        await harness.ReconcileAsync();
        await harness.ChangeSpecAsync(spec => spec with { Model = spec.Model with { Uri = "pvc:///nowhere" } });

        await harness.ReconcileAsync();

        (await harness.ConditionAsync("Ready"))!.Should().Match<V1Condition>(c => c.Status == "True" && c.Reason == "PreviousRevision" && c.ObservedGeneration == 2);
        (await harness.ConditionAsync("Progressing"))!.Status.Should().Be("False");
        (await harness.ConditionAsync("Stalled"))!.Reason.Should().Be("UnsupportedSource");
        KStatus.Of(await harness.ServiceAsync()).Should().Be("Failed");
        (await harness.EventsAsync()).Should().NotContain(e => e.Reason == "NotReady");
    }

    [Fact]
    public async Task ReplicasAreReplacedOneByOne_OneAnswers_ReadyStays()
    {
        await harness.CreateAsync(OperatorHarness.Spec() with { Replicas = 2 });
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 2);
        await harness.ReconcileAsync();
        var deployment = (await harness.DeploymentAsync())!;
        var status = new V1DeploymentStatus { ObservedGeneration = deployment.Metadata.Generation, Replicas = 2, UpdatedReplicas = 1, ReadyReplicas = 1 };
        await harness.Client.UpdateStatusAsync(deployment with { Status = status }, null, CancellationToken.None);

        await harness.ReconcileAsync();

        (await harness.ConditionAsync("Ready"))!.Status.Should().Be("True");
        (await harness.ConditionAsync("WorkloadReady"))!.Reason.Should().Be("RollingOut");
        KStatus.Of(await harness.ServiceAsync()).Should().Be("InProgress");
    }

    private async Task RunAsync(V1PodStatus podStatus)
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 0, _ => podStatus);
        await harness.ReconcileAsync();
    }
}
