namespace Octavo.KubernetesClient.Models;

/// <summary>A probe; exactly one action is set. Absent numbers mean the server's defaults (period 10, timeout 1, success 1, failure 3).</summary>
public sealed record V1Probe : KubernetesRecord
{
    public V1ExecAction? Exec { get; init; }
    public V1HTTPGetAction? HttpGet { get; init; }
    public V1TCPSocketAction? TcpSocket { get; init; }
    public V1GRPCAction? Grpc { get; init; }
    public int? InitialDelaySeconds { get; init; }
    public int? PeriodSeconds { get; init; }
    public int? TimeoutSeconds { get; init; }
    public int? SuccessThreshold { get; init; }
    public int? FailureThreshold { get; init; }
    public long? TerminationGracePeriodSeconds { get; init; }
}

public sealed record V1ExecAction : KubernetesRecord
{
    public IReadOnlyList<string>? Command { get; init; }
}

public sealed record V1HTTPGetAction : KubernetesRecord
{
    public string? Host { get; init; }
    public string? Path { get; init; }
    public required IntOrString Port { get; init; }

    /// <summary>HTTP (default) or HTTPS.</summary>
    public string? Scheme { get; init; }

    public IReadOnlyList<V1HTTPHeader>? HttpHeaders { get; init; }
}

public sealed record V1HTTPHeader : KubernetesRecord
{
    public required string Name { get; init; }
    public required string Value { get; init; }
}

public sealed record V1TCPSocketAction : KubernetesRecord
{
    public string? Host { get; init; }
    public required IntOrString Port { get; init; }
}

public sealed record V1GRPCAction : KubernetesRecord
{
    public required int Port { get; init; }
    public string? Service { get; init; }
}

public sealed record V1Lifecycle : KubernetesRecord
{
    public V1LifecycleHandler? PostStart { get; init; }
    public V1LifecycleHandler? PreStop { get; init; }
    public string? StopSignal { get; init; }
}

/// <summary>Exactly one action is set.</summary>
public sealed record V1LifecycleHandler : KubernetesRecord
{
    public V1ExecAction? Exec { get; init; }
    public V1HTTPGetAction? HttpGet { get; init; }
    public V1SleepAction? Sleep { get; init; }
    public V1TCPSocketAction? TcpSocket { get; init; }
}

public sealed record V1SleepAction : KubernetesRecord
{
    public required long Seconds { get; init; }
}
