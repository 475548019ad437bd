using System.CommandLine;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Configuration;
using Octavo.Operator.Entities;
using Octavo.Operator.Planning;
using Octavo.Operator.Tests.Controller;
using Octavo.Operator.Tests.Rollout;

namespace Octavo.Operator.Tests.Planning;

public sealed class PlanRunTests
{
    private const string Cpu = """
        apiVersion: serving.octavo.dev/v1alpha1
        kind: InferenceService
        metadata: {name: chat, namespace: team}
        spec:
          model: {uri: file:///models/tiny}
          replicas: 2
        """;

    private const string Gpu = Cpu + """

          runtime: {image: example.com/cuda:1}
          accelerator: {resource: nvidia.com/gpu, count: 2}
        """;

    private readonly PlanRun run = new(new OperatorOptions { RuntimeImage = "octavo/serving-runtime:1" }, TimeProvider.System);

    [Theory]
    // before | after | exit code | level of the interruption | replicas that are replaced
    [InlineData("", Cpu, 2, "None", 0)]
    [InlineData(Cpu, Cpu, 0, "None", 0)]
    [InlineData(Gpu, Gpu, 0, "None", 0)]
    public async Task FromFilesAsync_NewOrUnchanged_SaysSo(string before, string after, int exitCode, string level, int replaced) => Check(await FilesAsync(before, after), exitCode, level, replaced);

    [Theory]
    [InlineData(Cpu, "uri: file:///models/tiny", "uri: file:///models/other", 2, "None", 2)]
    [InlineData(Cpu, "replicas: 2", "replicas: 3", 2, "None", 0)]
    [InlineData(Cpu, "replicas: 2", "replicas: 0", 3, "Full", 0)]
    [InlineData(Gpu, "cuda:1", "cuda:2", 2, "Reduced", 2)]
    [InlineData(Gpu, "count: 2", "count: 4", 2, "Reduced", 2)]
    public async Task FromFilesAsync_Change_TellsWhatItDoes(string before, string part, string other, int exitCode, string level, int replaced) =>
        Check(await FilesAsync(before, before.Replace(part, other, StringComparison.Ordinal)), exitCode, level, replaced);

    [Fact]
    public async Task FromFilesAsync_OnlyReplicaWithAnAccelerator_Interrupts()
    {
        var before = Gpu.Replace("replicas: 2", "replicas: 1", StringComparison.Ordinal);

        var plan = await FilesAsync(before, before.Replace("cuda:1", "cuda:2", StringComparison.Ordinal));

        Check(plan, 3, "Full", 1);
        PlanText.ToText([plan]).ReplaceLineEndings("\n").Should().Be(
            """
            InferenceService team/chat: would change
              change Deployment chat
                spec.strategy.rollingUpdate.maxSurge: 1 -> 0
                spec.strategy.rollingUpdate.maxUnavailable: 0 -> 1
                spec.template.spec.containers[runtime].image: example.com/cuda:1 -> example.com/cuda:2
                spec.template.spec.initContainers[model].image: example.com/cuda:1 -> example.com/cuda:2
              Replicas: 1 now, 1 wanted; 1 would be replaced. Each old replica drains and is replaced in its place, one at a time: free accelerators cannot be counted: the plan is made from files alone.
              Accelerators: 2 nvidia.com/gpu needed, 0 of them in addition; free: not known (free accelerators cannot be counted: the plan is made from files alone)
              Interruption: YES (the only replica drains before its successor starts)
              Note: planned from files: the rules of the definition, the live objects and free accelerators were not looked at
            Changes that interrupt requests.
            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task FromFilesAsync_ModelThatAJobFetches_LooksBeyondTheFetch()
    {
        var filled = Cpu.Replace("file:///models/tiny", "hf://org/name", StringComparison.Ordinal) + "\n  storage: {claimName: models, fill: Job}";

        var made = await FilesAsync("", filled);
        var same = await FilesAsync(filled, filled);
        var changed = await FilesAsync(filled, filled.Replace("org/name", "org/other", StringComparison.Ordinal));

        made.Changes.Select(c => $"{c.Action} {c.Kind}").Should().Contain(["create Job", "create Deployment"]);
        Check(same, 0, "None", 0);
        changed.Changes.Select(c => $"{c.Action} {c.Kind}").Should().BeEquivalentTo("create Job", "delete Job", "change Deployment");
        changed.ReplacedReplicas.Should().Be(2);
    }

    [Fact]
    public async Task FromFilesAsync_KindsThatAClusterMayLack_AreTakenAsServed()
    {
        var spanning = Gpu.Replace("count: 2", "count: 2, nodes: 2", StringComparison.Ordinal).Replace("{image: ", "{dialect: VLLM, image: ", StringComparison.Ordinal) + "\n  monitoring: {scrape: PodMonitor}";

        var made = await FilesAsync("", spanning);
        var changed = await FilesAsync(spanning, spanning.Replace("cuda:1", "cuda:2", StringComparison.Ordinal));

        made.Changes.Select(c => c.Kind).Should().Contain(["LeaderWorkerSet", "PodMonitor"]);
        made.AcceleratorsNeeded.Should().Be(8);
        changed.Changes.Select(c => c.Kind).Should().Equal("LeaderWorkerSet");
        (changed.TotalReplicas, changed.ReplacedReplicas).Should().Be((2, 2), PlanText.ToText([changed]));
    }

    [Fact]
    public async Task FromFilesAsync_SpecIsRefused_IsAnErrorWithTheReason()
    {
        var plan = await FilesAsync("", Cpu + "\n  accelerator: {resource: nvidia.com/gpu}");

        plan.ExitCode.Should().Be(PlanExitCode.Error);
        plan.Refused.Should().StartWith("AcceleratorNotSupported: ");
    }

    [Theory]
    [InlineData("a gpu=2; b gpu=2", "", 4, 2, "Reduced", "InPlace")]
    [InlineData("a gpu=2; b gpu=4", "", 4, 2, "None", "Surge")]
    [InlineData("a gpu=2; b gpu=4", "b gpu=1", 4, 2, "Reduced", "InPlace")]
    public async Task AgainstClusterAsync_NewImage_CountsWhatIsFree(string nodes, string others, int needed, int exitCode, string level, string strategy)
    {
        var (harness, live) = await LiveAsync(nodes, others);
        harness.Client.ClearRequests();

        var plan = (await run.AgainstClusterAsync(harness.Client, [live with { Spec = live.Spec with { Runtime = new RuntimeSpec { Image = "example.com/cuda:2" } } }], CancellationToken.None)).Single();

        Check(plan, exitCode, level, 2);
        plan.Strategy.Should().Be(strategy);
        plan.AcceleratorsNeeded.Should().Be(needed);
        (await harness.ServiceAsync()).Spec.Runtime!.Image.Should().Be("example.com/cuda:1", "nothing is written");
        (await harness.DeploymentAsync())!.Spec!.Template!.Spec!.Containers![0].Image.Should().Be("example.com/cuda:1");
        var json = JsonNode.Parse(PlanText.ToJson([plan]))!;
        var service = json["services"]![0]!;
        ((int)json["exitCode"]!, (int)service["exitCode"]!, (string)service["interruption"]!["level"]!).Should().Be((exitCode, exitCode, level));
    }

    [Theory]
    [InlineData(3, 2, true)]
    [InlineData(4, 4, false)]
    public async Task AgainstClusterAsync_MoreReplicas_FitOrNot(int replicas, int exitCode, bool fits)
    {
        var (harness, live) = await LiveAsync("a gpu=2; b gpu=4", "");

        var plan = (await run.AgainstClusterAsync(harness.Client, [live with { Spec = live.Spec with { Replicas = replicas } }], CancellationToken.None)).Single();

        Check(plan, exitCode, "None", 0);
        plan.Fits.Should().Be(fits);
        plan.AcceleratorsAdditional.Should().Be((replicas - 2) * 2);
    }

    [Fact]
    public async Task AgainstClusterAsync_FileLeavesTheNumberToAScaler_KeepsIt()
    {
        var (harness, live) = await LiveAsync("a gpu=2; b gpu=2", "");

        var plan = (await run.AgainstClusterAsync(harness.Client, [live with { Spec = live.Spec with { Replicas = null } }], CancellationToken.None)).Single();

        plan.ExitCode.Should().Be(PlanExitCode.NoChanges);
        plan.DesiredReplicas.Should().Be(2);
    }

    [Theory]
    [InlineData("--fetch-image")]
    [InlineData("--accelerator-runtime-image")]
    [InlineData("--runtime-image")]
    public async Task Create_ImagesOfTheOperator_AreCheckedAsTheOperatorDoes(string flag)
    {
        var error = new StringWriter();
        var parsed = PlanCommand.Create(TextReader.Null).Parse(["-f", Write(Cpu), "--offline", flag, "not an image"]);

        (await parsed.InvokeAsync(new InvocationConfiguration { Output = TextWriter.Null, Error = error })).Should().Be((int)PlanExitCode.Error);

        error.ToString().Trim().Should().Be($"{flag}: 'not an image' is no image");
    }

    [Fact]
    public void Create_FlagsOfFeatures_AreFlagsOfThePlan() =>
        OperatorFeatures.Create().SelectMany(f => f.Flags).Select(f => f.Name).Should().BeSubsetOf(PlanCommand.Create(TextReader.Null).Options.Select(o => o.Name));

    [Theory]
    [InlineData("spec: {model: {uri: file:///m}, replicaz: 2}", "unknown field spec.replicaz")]
    [InlineData("spec: {model: {uri: file:///m}, runtime: {engine: {maxModelLength: 2}}}", "unknown field spec.runtime.engine.maxModelLength")]
    [InlineData("spec: {model: {uri: [}", "f.yaml: ")]
    public void Read_FileThatIsWrong_SaysWhere(string spec, string message)
    {
        var read = () => Read("apiVersion: serving.octavo.dev/v1alpha1\nkind: InferenceService\nmetadata: {name: chat}\n" + spec);

        read.Should().Throw<PlanException>().WithMessage($"*{message}*");
    }

    [Fact]
    public void ExitCodeOf_Several_IsTheGravest()
    {
        var plan = new ServicePlan { Namespace = "n", Name = "a", Action = "change", Interruption = new Interruption(Interruption.Full, "") };

        PlanText.ExitCodeOf([]).Should().Be(PlanExitCode.NoChanges);
        PlanText.ExitCodeOf([plan, plan with { Action = "none" }]).Should().Be(PlanExitCode.Interruption);
        PlanText.ExitCodeOf([plan, plan with { Fits = false }]).Should().Be(PlanExitCode.DoesNotFit);
        PlanText.ExitCodeOf([plan with { Refused = "no" }, plan with { Fits = false }]).Should().Be(PlanExitCode.Error);
    }

    private static void Check(ServicePlan plan, int exitCode, string level, int replaced) =>
        ((int)plan.ExitCode, plan.Interruption.Level, plan.ReplacedReplicas).Should().Be((exitCode, level, replaced), PlanText.ToText([plan]));

    private async Task<ServicePlan> FilesAsync(string before, string after) => (await run.FromFilesAsync(Read(after), before.Length == 0 ? [] : Read(before), CancellationToken.None)).Single();

    private static IReadOnlyList<V1Alpha1InferenceService> Read(string text) => PlanFile.Read(Write(text), TextReader.Null, "default");

    private static string Write(string text)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("octavo-plan").FullName, "f.yaml");
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Two replicas with two accelerators each that are ready: one on node a, one on b.</summary>
    private static async Task<(OperatorHarness Harness, V1Alpha1InferenceService Live)> LiveAsync(string nodes, string others)
    {
        var harness = new OperatorHarness();
        foreach (var node in nodes.Split(';'))
        {
            await harness.Client.CreateAsync(Scene.Node(node.Split(' ', StringSplitOptions.RemoveEmptyEntries)), null, CancellationToken.None);
        }

        foreach (var other in others.Split(';', StringSplitOptions.RemoveEmptyEntries).Select((words, i) => Scene.Other(words, i)))
        {
            await harness.Client.CreateAsync(other, null, CancellationToken.None);
        }

        await harness.CreateAsync(OperatorHarness.Spec() with
        {
            Replicas = 2, Accelerator = new AcceleratorSpec { Resource = Scene.Gpu, Count = 2 }, Runtime = new RuntimeSpec { Image = "example.com/cuda:1" },
        });
        await harness.ReconcileAsync();
        var template = (await harness.DeploymentAsync())!.Spec!.Template!;
        foreach (var node in new[] { "a", "b" })
        {
            var pod = await harness.Client.CreateAsync(
                new V1Pod { Metadata = template.Metadata! with { Name = $"chat-{node}", NamespaceProperty = OperatorHarness.Namespace }, Spec = template.Spec! with { NodeName = node } }, null, CancellationToken.None);
            await harness.Client.UpdateStatusAsync(pod with { Status = Scene.Status("ready") }, null, CancellationToken.None);
        }

        await harness.ReconcileAsync();
        await harness.ReconcileAsync();
        return (harness, await harness.ServiceAsync());
    }
}
