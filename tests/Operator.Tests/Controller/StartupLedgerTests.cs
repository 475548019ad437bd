using Octavo.KubernetesClient.Models;
using Octavo.Operator.Controller;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Tests.Controller;

public sealed class StartupLedgerTests
{
    private static readonly DateTimeOffset Created = new(2026, 5, 1, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Of_ReadyPod_SplitsItsStart()
    {
        StartupLedger.Of([Pod("a", Created)], null).Should().Be(new StartupStatus
        {
            Pod = "a", SchedulingSeconds = 1, ImageSeconds = 4, DownloadSeconds = 20, LoadSeconds = 30, TotalSeconds = 56,
        });
    }

    [Fact]
    public void Of_PodInTheLedger_IsNotMeasuredAgain()
    {
        var before = StartupLedger.Of([Pod("a", Created)], null);

        // Its readiness came back after an hour.
        StartupLedger.Of([Pod("a", Created, readyAfter: 3600)], before).Should().BeSameAs(before);
    }

    [Fact]
    public void Of_SeveralPods_TakesTheYoungestThatNeverRestarted()
    {
        var pods = new[] { Pod("a", Created), Pod("b", Created.AddMinutes(1)), Pod("c", Created.AddMinutes(2), restarts: 1) };

        StartupLedger.Of(pods, null)!.Pod.Should().Be("b");
    }

    [Fact]
    public void Of_NothingReady_KeepsWhatWasKnown()
    {
        var before = new StartupStatus { Pod = "gone", TotalSeconds = 5 };

        StartupLedger.Of([], before).Should().BeSameAs(before);
    }

    private static V1Pod Pod(string name, DateTimeOffset created, int readyAfter = 56, int restarts = 0) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, CreationTimestamp = created },
        Status = new V1PodStatus
        {
            Conditions =
            [
                new V1PodCondition { Type = "PodScheduled", Status = "True", LastTransitionTime = created.AddSeconds(1) },
                new V1PodCondition { Type = "Ready", Status = "True", LastTransitionTime = created.AddSeconds(readyAfter) },
            ],
            InitContainerStatuses =
            [
                new V1ContainerStatus
                {
                    Name = "model",
                    State = new V1ContainerState { Terminated = new V1ContainerStateTerminated { ExitCode = 0, StartedAt = created.AddSeconds(5), FinishedAt = created.AddSeconds(25) } },
                },
            ],
            ContainerStatuses =
            [
                new V1ContainerStatus
                {
                    Name = "runtime",
                    RestartCount = restarts,
                    State = new V1ContainerState { Running = new V1ContainerStateRunning { StartedAt = created.AddSeconds(26) } },
                },
            ],
        },
    };
}
