using System.Net;
using Octavo.ControllerRuntime;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.Operator.Storage;
using Octavo.Operator.Tests.Controller;
using Octavo.ServingContract;

namespace Octavo.Operator.Tests.Storage;

/// <summary>From what a fetching container answers to status.model, and how seldom that is written.</summary>
public sealed class FetchWatchTests
{
    private readonly OperatorHarness harness = new();
    private readonly Dictionary<string, FetchProgress> answers = new(StringComparer.Ordinal);
    private readonly List<NamespacedName> woken = [];
    private int asked;

    [Fact]
    public async Task Tick_FetchUnderWay_StatusTellsBytesSpeedAndTime()
    {
        await StartAsync(replicas: 1);
        answers["127.1.0.1"] = Downloading(250);

        await TickAsync();
        await harness.ReconcileAsync();

        var service = await harness.ServiceAsync();
        service.Status!.Model.Should().Be(new ModelStatus { Bytes = 250, TotalBytes = 1000, BytesPerSecond = 50, RemainingSeconds = 15, Revision = "r1" });
        (await harness.ConditionAsync(ConditionTypes.ModelReady))!.Message.Should().Be("hf://org/name is being fetched.");
        woken.Should().Equal(OperatorHarness.Key);
    }

    [Fact]
    public async Task Tick_LittleNews_WakesNobodyAndWritesNothing()
    {
        await StartAsync(replicas: 1);
        answers["127.1.0.1"] = Downloading(250);
        await TickAsync();
        await harness.ReconcileAsync();
        await harness.ReconcileAsync();
        answers["127.1.0.1"] = Downloading(900);
        harness.Time.Advance(TimeSpan.FromSeconds(5));

        await TickAsync();

        woken.Should().HaveCount(1);
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Tick_ReplicasShareAClaim_TellsOfTheOneThatBrings()
    {
        await StartAsync(replicas: 3);
        answers["127.1.0.1"] = answers["127.1.0.3"] = new FetchProgress { Phase = FetchPhase.Waiting };
        answers["127.1.0.2"] = Downloading(10);

        await TickAsync();

        harness.Fetches.Find(OperatorHarness.Key)!.Bytes.Should().Be(10);
    }

    [Fact]
    public async Task Tick_NoAnswer_KeepsWhatWasTold()
    {
        await StartAsync(replicas: 1);
        answers["127.1.0.1"] = Downloading(250);
        await TickAsync();
        answers.Clear();

        await TickAsync();

        harness.Fetches.Find(OperatorHarness.Key)!.Bytes.Should().Be(250);
    }

    [Fact]
    public async Task Tick_FetchEnded_AsksNobodyAndStatusKeepsWhatWasFetched()
    {
        await StartAsync(replicas: 1);
        answers["127.1.0.1"] = Downloading(250);
        await TickAsync();
        await harness.ReconcileAsync();
        var result = new FetchProgress { Phase = FetchPhase.Complete, Bytes = 1000, TotalBytes = 1000, Sha256 = "abc", Revision = "r1" };
        await harness.RolloutAsync(ready: 1, _ => Ended(result));
        await harness.SyncAsync();
        asked = 0;

        await TickAsync();
        await harness.ReconcileAsync();
        var status = (await harness.ServiceAsync()).Status!;

        asked.Should().Be(0);
        harness.Fetches.Find(OperatorHarness.Key).Should().BeNull();
        status.Model.Should().Be(new ModelStatus { Bytes = 1000, TotalBytes = 1000, Sha256 = "abc", Revision = "r1" });
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Reconcile_DeadlineExceeded_OnlyAPersonCanHelp()
    {
        await StartAsync(replicas: 1);
        await harness.RolloutAsync(ready: 0, _ => Pods.FetchFailed((int)FetchExitCode.DeadlineExceeded, "Fetching hf://org/name took longer than the 600 s that it may take."));

        await harness.ReconcileAsync();

        (await harness.ConditionAsync(ConditionTypes.Stalled))!.Should().Match<V1Condition>(c => c.Reason == "DeadlineExceeded" && c.Message!.Contains("600 s"));
    }

    private static FetchProgress Downloading(long bytes) =>
        new() { Phase = FetchPhase.Downloading, Bytes = bytes, TotalBytes = 1000, BytesPerSecond = 50, RemainingSeconds = (1000 - bytes) / 50, Revision = "r1" };

    private static V1PodStatus Ended(FetchProgress result)
    {
        var ready = Pods.Ready("127.1.0.1");
        var ended = new V1ContainerStateTerminated { ExitCode = 0, Message = System.Text.Encoding.UTF8.GetString(result.ToJson()) };
        return ready with { InitContainerStatuses = [ready.InitContainerStatuses![0] with { State = new V1ContainerState { Terminated = ended } }] };
    }

    private async Task StartAsync(int replicas)
    {
        await harness.CreateAsync(OperatorHarness.Spec("hf://org/name") with { Replicas = replicas });
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 0, i => new V1PodStatus
        {
            Phase = "Pending",
            PodIP = $"127.1.0.{i + 1}",
            InitContainerStatuses = [new V1ContainerStatus { Name = ServingPodTemplate.ModelContainer, State = new V1ContainerState { Running = new V1ContainerStateRunning() } }],
        });
        await harness.ReconcileAsync();
    }

    private Task TickAsync()
    {
        var reader = new FetchProgressReader(new HttpClient(new Handler(this)), harness.Time, TimeSpan.FromSeconds(2));
        return new FetchWatch(harness.Cluster, harness.Fills, harness.Fetches, reader, woken.Add, harness.Time).TickAsync(CancellationToken.None);
    }

    private sealed class Handler(FetchWatchTests tests) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref tests.asked);
            (request.RequestUri!.Port, request.RequestUri.AbsolutePath).Should().Be((ServingPorts.FetchProgress, ServingPaths.FetchProgress));
            return Task.FromResult(tests.answers.TryGetValue(request.RequestUri.Host, out var progress)
                ? new HttpResponseMessage { Content = new ByteArrayContent(progress.ToJson()) }
                : new HttpResponseMessage(HttpStatusCode.NotFound));
        }
    }
}
