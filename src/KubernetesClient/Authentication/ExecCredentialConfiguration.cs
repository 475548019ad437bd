namespace Octavo.KubernetesClient.Authentication;

/// <summary>A credential plugin of <c>client.authentication.k8s.io</c> (v1 or v1beta1): a program that prints an ExecCredential.</summary>
public sealed record ExecCredentialConfiguration
{
    public required string ApiVersion { get; init; }
    public required string Command { get; init; }
    public IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>Added to the environment of this process.</summary>
    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();

    /// <summary>Tells the plugin about the cluster in KUBERNETES_EXEC_INFO.</summary>
    public bool ProvideClusterInfo { get; init; }

    /// <summary>Shown when the plugin cannot be started.</summary>
    public string? InstallHint { get; init; }

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);
}
