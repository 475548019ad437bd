using System.Text.Json.Serialization;
using Octavo.KubernetesClient.Json;

namespace Octavo.KubernetesClient.Models;

public sealed record V1Container : KubernetesRecord
{
    public required string Name { get; init; }
    public string? Image { get; init; }

    /// <summary>Always, IfNotPresent or Never.</summary>
    public string? ImagePullPolicy { get; init; }

    public IReadOnlyList<string>? Command { get; init; }
    public IReadOnlyList<string>? Args { get; init; }
    public string? WorkingDir { get; init; }
    public IReadOnlyList<V1ContainerPort>? Ports { get; init; }
    public IReadOnlyList<V1EnvFromSource>? EnvFrom { get; init; }
    public IReadOnlyList<V1EnvVar>? Env { get; init; }
    public V1ResourceRequirements? Resources { get; init; }
    public IReadOnlyList<V1VolumeMount>? VolumeMounts { get; init; }
    public V1Probe? StartupProbe { get; init; }
    public V1Probe? ReadinessProbe { get; init; }
    public V1Probe? LivenessProbe { get; init; }
    public V1Lifecycle? Lifecycle { get; init; }

    /// <summary>Only of init containers: Always makes a sidecar.</summary>
    public string? RestartPolicy { get; init; }

    public V1SecurityContext? SecurityContext { get; init; }
    public string? TerminationMessagePath { get; init; }

    /// <summary>File or FallbackToLogsOnError.</summary>
    public string? TerminationMessagePolicy { get; init; }

    public bool? Stdin { get; init; }
    public bool? Tty { get; init; }
}

public sealed record V1ContainerPort : KubernetesRecord
{
    public string? Name { get; init; }
    public required int ContainerPort { get; init; }
    public int? HostPort { get; init; }
    public string? HostIP { get; init; }

    /// <summary>TCP (the server's default), UDP or SCTP.</summary>
    public string? Protocol { get; init; }
}

/// <summary>Quantities by resource name, such as <c>cpu: 500m</c> or <c>nvidia.com/gpu: "1"</c>.</summary>
public sealed record V1ResourceRequirements : KubernetesRecord
{
    [JsonConverter(typeof(QuantityMapConverter))]
    public IReadOnlyDictionary<string, string>? Limits { get; init; }

    [JsonConverter(typeof(QuantityMapConverter))]
    public IReadOnlyDictionary<string, string>? Requests { get; init; }
}

public sealed record V1VolumeMount : KubernetesRecord
{
    public required string Name { get; init; }
    public required string MountPath { get; init; }
    public string? SubPath { get; init; }
    public string? SubPathExpr { get; init; }
    public bool? ReadOnly { get; init; }
    public string? MountPropagation { get; init; }
}
