using System.Text.Json;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Resources;
using Octavo.Operator.Rollout;

namespace Octavo.Operator.Tests.Rollout;

/// <summary>
/// Nodes, pods and replicas from short texts, one object per <c>;</c>. A node is its name and amounts (<c>a gpu=2 cpu=8</c>), a pod its node or <c>-</c> and amounts,
/// a replica <c>old</c> or <c>new</c>, its state, and its node if it has one (<c>old ready a</c>). Amounts: cpu, gpu, mig, amd, pods.
/// </summary>
internal static class Scene
{
    public const string Gpu = "nvidia.com/gpu";
    public static readonly DateTimeOffset Now = new(2026, 5, 1, 10, 0, 0, TimeSpan.Zero);

    public static ClusterCapacity Cluster(string nodes, string others = "") => ClusterCapacity.Of([.. Parts(nodes).Select(Node)], [.. Parts(others).Select((p, i) => OtherPod(p, i))]);

    public static IReadOnlyList<Replica> Replicas(string text, string amounts = "gpu=1") => [.. Parts(text).Select((words, i) => OwnReplica(words, i, amounts))];

    /// <summary>The pod to be placed.</summary>
    public static V1Pod Pod(string words) => Read("next", Words("- " + words));

    public static V1Node Node(string[] words)
    {
        var labels = new Dictionary<string, string>();
        var taints = new List<V1Taint>();
        foreach (var word in words.Skip(1))
        {
            if (Value(word, "label") is { } label)
            {
                labels[label.Split('=')[0]] = label.Split('=')[1];
            }
            else if (Value(word, "taint") is { } taint)
            {
                taints.Add(new V1Taint { Key = taint.Split(':')[0], Effect = taint.Split(':')[1] });
            }
        }

        var amounts = Amounts(words);
        amounts.TryAdd("pods", "110");
        amounts.TryAdd("cpu", "64");
        return new V1Node
        {
            Metadata = new V1ObjectMeta { Name = words[0], Uid = words[0], Labels = labels, DeletionTimestamp = words.Contains("deleted") ? Now : null },
            Spec = new V1NodeSpec { Taints = taints, Unschedulable = words.Contains("cordoned") ? true : null },
            Status = new V1NodeStatus
            {
                Allocatable = amounts,
                Conditions = [new V1NodeCondition { Type = "Ready", Status = words.Contains("notready") ? "Unknown" : "True" }],
            },
        };
    }

    public static V1Pod Other(string words, int number) => OtherPod(Words(words), number);

    private static V1Pod OtherPod(string[] words, int number) => Read($"other-{number}", words);

    private static V1Pod Read(string name, string[] words)
    {
        var selector = words.Select(w => Value(w, "selector")).OfType<string>().ToDictionary(s => s.Split('=')[0], s => s.Split('=')[1]);
        var amounts = Amounts(words);
        return new V1Pod
        {
            Metadata = new V1ObjectMeta { Name = name, Uid = name, NamespaceProperty = "others", DeletionTimestamp = words.Contains("leaving") ? Now : null },
            Spec = new V1PodSpec
            {
                NodeName = words[0] == "-" ? null : words[0],
                Containers = [new V1Container { Name = "runtime", Resources = new V1ResourceRequirements { Requests = amounts } }],
                NodeSelector = selector.Count > 0 ? selector : null,
                Tolerations = [.. words.Select(w => Value(w, "tolerate")).OfType<string>().Select(k => new V1Toleration { Key = k, Operator = "Exists" })],
                SchedulingGates = words.Contains("gated") ? [new V1PodSchedulingGate { Name = "kueue.x-k8s.io/admission" }] : null,
                Affinity = words.Contains("alone") ? Json("""{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"kubernetes.io/hostname"}]}}""")
                    : words.Select(w => Value(w, "zone")).FirstOrDefault(z => z is not null) is { } zone ? Json("""{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"zone","operator":"In","values":["ZONE"]}]}]}}}""".Replace("ZONE", zone, StringComparison.Ordinal))
                    : null,
                TopologySpreadConstraints = words.Contains("spread") ? Json("""[{"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule"}]""") : null,
            },
            Status = new V1PodStatus
            {
                Phase = words.Contains("done") ? "Succeeded" : words[0] == "-" ? "Pending" : "Running",
                NominatedNodeName = words.Select(w => Value(w, "nominated")).FirstOrDefault(n => n is not null),
            },
        };
    }

    private static Replica OwnReplica(string[] words, int number, string amounts)
    {
        var node = words.Length > 2 && words[2] != "leaving" ? words[2] : null;
        var pod = Read($"pod-{number:00}", [node ?? "-", .. Words(amounts), .. words.Contains("leaving") ? ["leaving"] : Array.Empty<string>()]);
        return new Replica(pod with { Status = Status(words[1]) }, words[0] == "new");
    }

    public static V1PodStatus Status(string state) => state switch
    {
        "ready" => Conditions("Running", "True", after: TimeSpan.FromMinutes(3), Runtime(started: true)),
        "lapsed" => Conditions("Running", "False", after: TimeSpan.FromHours(1), Runtime(started: true)),
        "starting" => Conditions("Running", "False", after: TimeSpan.Zero, Runtime(started: false)),
        "created" => new V1PodStatus { Phase = "Pending" },
        "stuck" => new V1PodStatus { Phase = "Pending", Conditions = [new V1PodCondition { Type = "PodScheduled", Status = "False", Reason = "Unschedulable", Message = "0/3 nodes are available" }] },
        "crashing" => Conditions("Running", "False", after: TimeSpan.Zero, Runtime(started: false) with { RestartCount = 3, State = Waiting("CrashLoopBackOff"), LastState = Ended(1) }),
        "flapping" => Conditions("Running", "True", after: TimeSpan.FromMinutes(3), Runtime(started: true) with { RestartCount = 4, LastState = Ended(137) }),
        "noimage" => Conditions("Pending", "False", after: TimeSpan.Zero, Runtime(started: false) with { State = Waiting("ImagePullBackOff") }),
        "late" => new V1PodStatus
        {
            Phase = "Running",
            StartTime = Now - TimeSpan.FromHours(2),
            Conditions = [new V1PodCondition { Type = "PodScheduled", Status = "True", LastTransitionTime = Now - TimeSpan.FromHours(2) }],
            ContainerStatuses = [Runtime(started: false)],
        },
        _ => throw new ArgumentException($"no state {state}"),
    };

    private static V1PodStatus Conditions(string phase, string ready, TimeSpan after, V1ContainerStatus runtime) => new()
    {
        Phase = phase,
        StartTime = Now - TimeSpan.FromMinutes(5),
        Conditions =
        [
            new V1PodCondition { Type = "PodScheduled", Status = "True", LastTransitionTime = Now - TimeSpan.FromMinutes(5) },
            new V1PodCondition { Type = "Ready", Status = ready, LastTransitionTime = Now - TimeSpan.FromMinutes(5) + after },
        ],
        ContainerStatuses = [runtime],
    };

    private static V1ContainerStatus Runtime(bool started) => new()
    {
        Name = ServingPodTemplate.RuntimeContainer,
        Ready = started,
        Started = started,
        State = new V1ContainerState { Running = new V1ContainerStateRunning() },
    };

    private static V1ContainerState Waiting(string reason) => new() { Waiting = new V1ContainerStateWaiting { Reason = reason, Message = "back-off" } };

    private static V1ContainerState Ended(int exitCode) =>
        new() { Terminated = new V1ContainerStateTerminated { ExitCode = exitCode, Message = "out of memory", FinishedAt = Now - TimeSpan.FromMinutes(1) } };

    private static Dictionary<string, string> Amounts(IEnumerable<string> words)
    {
        var names = new Dictionary<string, string> { ["cpu"] = "cpu", ["gpu"] = Gpu, ["mig"] = "nvidia.com/mig-1g.10gb", ["amd"] = "amd.com/gpu", ["pods"] = "pods" };
        return words.Select(w => w.Split('=', 2)).Where(w => w.Length == 2 && names.ContainsKey(w[0])).ToDictionary(w => names[w[0]], w => w[1]);
    }

    private static string? Value(string word, string name) => word.StartsWith(name + "=", StringComparison.Ordinal) ? word[(name.Length + 1)..] : null;

    private static IEnumerable<string[]> Parts(string text) => text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Words);

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;
}
