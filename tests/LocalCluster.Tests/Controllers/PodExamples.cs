using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Tests.Controllers;

/// <summary>Pods as controllers see them.</summary>
internal static class PodExamples
{
    public static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public static V1Pod Pod(string name, string phase = "Running", string? node = "node-1", bool ready = true, int ageMinutes = 10, int readyMinutes = 5,
        string? cost = null, int restarts = 0, IReadOnlyDictionary<string, string>? requests = null) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = name,
            NamespaceProperty = "default",
            Uid = "uid-" + name,
            CreationTimestamp = Now.AddMinutes(-ageMinutes),
            Annotations = cost is null ? null : new Dictionary<string, string> { ["controller.kubernetes.io/pod-deletion-cost"] = cost },
            Labels = new Dictionary<string, string> { ["app"] = "web" },
        },
        Spec = new V1PodSpec
        {
            NodeName = node,
            Containers = [new V1Container { Name = "main", Image = "i", Resources = requests is null ? null : new V1ResourceRequirements { Requests = requests } }],
        },
        Status = new V1PodStatus
        {
            Phase = phase,
            PodIP = "127.1.0.9",
            Conditions = [new V1PodCondition { Type = "Ready", Status = ready ? "True" : "False", LastTransitionTime = Now.AddMinutes(-readyMinutes) }],
            ContainerStatuses = [new V1ContainerStatus { Name = "main", RestartCount = restarts }],
        },
    };

    public static IReadOnlyDictionary<string, string> Labels(params string[] pairs) =>
        pairs.Select(p => p.Split('=')).ToDictionary(p => p[0], p => p[1]);
}
