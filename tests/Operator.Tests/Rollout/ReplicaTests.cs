using Octavo.KubernetesClient.Models;
using Octavo.Operator.Resources;
using Octavo.Operator.Rollout;
using Octavo.Operator.Tests.Controller;

namespace Octavo.Operator.Tests.Rollout;

public sealed class ReplicaTests
{
    [Theory]
    [InlineData("ready", "Ready")]
    [InlineData("lapsed", "Lapsed")]
    [InlineData("starting", "Starting")]
    [InlineData("created", "Starting")]
    [InlineData("stuck", "Unschedulable")]
    [InlineData("crashing", "Failing")]
    [InlineData("noimage", "Failing")]
    [InlineData("flapping", "Ready")]
    public void Health_StateOfPod_IsRead(string state, string health) =>
        new Replica(new V1Pod { Metadata = new V1ObjectMeta { Name = "p" }, Status = Scene.Status(state) }, IsCurrent: true).Health.ToString().Should().Be(health);

    [Theory]
    [InlineData(10, 0, "Starting")]
    [InlineData(10, 1, "Failing")]
    [InlineData(17, 1, "Starting")]
    [InlineData(17, 3, "Failing")]
    public void Health_FetchFails_WaitsLongerForWhatMayPass(int exitCode, int restarts, string health)
    {
        var failed = Pods.FetchFailed(exitCode, "no");
        var status = failed with { InitContainerStatuses = [failed.InitContainerStatuses![0] with { RestartCount = restarts }] };

        new Replica(new V1Pod { Metadata = new V1ObjectMeta { Name = "p" }, Status = status }, IsCurrent: true).Health.ToString().Should().Be(health);
    }

    [Fact]
    public void Health_RestartedAfterItWasReady_IsLapsed()
    {
        // The start-up probe begins anew at a restart; the time of the condition still tells.
        var status = new V1PodStatus
        {
            Phase = "Running",
            StartTime = Scene.Now - TimeSpan.FromDays(1),
            Conditions = [new V1PodCondition { Type = "Ready", Status = "False", LastTransitionTime = Scene.Now }],
            ContainerStatuses = [new V1ContainerStatus { Name = ServingPodTemplate.RuntimeContainer, Started = false, RestartCount = 1 }],
        };

        new Replica(new V1Pod { Metadata = new V1ObjectMeta { Name = "p" }, Status = status }, IsCurrent: false).Health.Should().Be(ReplicaHealth.Lapsed);
    }

    [Theory]
    [InlineData(null, null, false, 3600)]
    [InlineData(120, null, false, 120)]
    [InlineData(120, 4000, true, 120)]
    [InlineData(null, 20, false, 900)]
    [InlineData(null, 600, false, 3000)]
    [InlineData(null, 7200, false, 10_800)]
    [InlineData(null, 20, true, 3600)]
    [InlineData(null, 1800, true, 9000)]
    public void Deadline_WhatWasLearned_IsUsedWithPatience(int? requested, int? learned, bool isOtherModel, int seconds) =>
        RolloutDeadline.Of(Span(requested), Span(learned), isOtherModel).Should().Be(TimeSpan.FromSeconds(seconds));

    private static TimeSpan? Span(int? seconds) => seconds is { } s ? TimeSpan.FromSeconds(s) : null;
}
