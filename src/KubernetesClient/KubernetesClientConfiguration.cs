using Octavo.KubernetesClient.Authentication;
using Octavo.KubernetesClient.KubeConfig;

namespace Octavo.KubernetesClient;

/// <summary>
/// Where a cluster is and how to prove who asks. Made by hand or by one of the loaders, which throw <see cref="KubernetesConfigurationException"/>.
/// System proxies are not used.
/// </summary>
public sealed record KubernetesClientConfiguration
{
    /// <summary>May have a path, below which the API is.</summary>
    public required Uri Host { get; init; }

    /// <summary>For manifests that name none.</summary>
    public string Namespace { get; init; } = "default";

    /// <summary>Bearer token.</summary>
    public string? AccessToken { get; init; }

    /// <summary>File with a bearer token, read again as it rotates; wins over <see cref="AccessToken"/>.</summary>
    public string? TokenFile { get; init; }

    public string? Username { get; init; }
    public string? Password { get; init; }

    /// <summary>PEM; together with <see cref="ClientKeyPem"/>.</summary>
    public string? ClientCertificatePem { get; init; }

    public string? ClientKeyPem { get; init; }

    /// <summary>Files instead of PEM, read for every new connection, so that a renewed certificate is picked up.</summary>
    public string? ClientCertificateFile { get; init; }

    public string? ClientKeyFile { get; init; }

    /// <summary>Credential plugin.</summary>
    public ExecCredentialConfiguration? Exec { get; init; }

    /// <summary>PEM of the only authorities to trust; absent: the system's.</summary>
    public string? CertificateAuthorityPem { get; init; }

    /// <summary>No check of the server's certificate at all.</summary>
    public bool SkipTlsVerify { get; init; }

    /// <summary>The name to expect in the server's certificate instead of the host.</summary>
    public string? TlsServerName { get; init; }

    public string? ImpersonateUser { get; init; }

    /// <summary>At most one: HttpClient would put several into one header line, which the API server reads as one strange group.</summary>
    public string? ImpersonateGroup { get; init; }

    public string UserAgent { get; init; } = "octavo";

    /// <summary>For each attempt of a request, and for the answer's head of a watch.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Further attempts of idempotent requests that the server answered with Retry-After.</summary>
    public int MaxRetries { get; init; } = 5;

    /// <summary>A longer Retry-After is the caller's to wait for.</summary>
    public TimeSpan MaxRetryAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Explicit path, else in-cluster, else the files of KUBECONFIG, else ~/.kube/config.</summary>
    public static KubernetesClientConfiguration Load(string? kubeconfigPath = null) =>
        Load(kubeconfigPath, Environment.GetEnvironmentVariable, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));

    /// <summary>The service account that the platform mounts into a pod.</summary>
    public static KubernetesClientConfiguration InCluster() => InClusterConfiguration.Create(Environment.GetEnvironmentVariable, InClusterConfiguration.Folder);

    /// <summary>One kubeconfig file; <paramref name="context"/> absent: its current context.</summary>
    public static KubernetesClientConfiguration FromKubeConfigFile(string path, string? context = null) =>
        KubeConfigLoader.Load([path], context, missingIsError: true);

    /// <summary>Without secrets, so that a log of it tells none.</summary>
    public override string ToString() => $"{Host} (namespace {Namespace}{(SkipTlsVerify ? ", TLS not verified" : "")})";

    internal static KubernetesClientConfiguration Load(string? kubeconfigPath, Func<string, string?> environment, string home)
    {
        if (!string.IsNullOrEmpty(kubeconfigPath))
        {
            return FromKubeConfigFile(kubeconfigPath);
        }

        if (InClusterConfiguration.IsInCluster(environment, InClusterConfiguration.Folder))
        {
            return InClusterConfiguration.Create(environment, InClusterConfiguration.Folder);
        }

        if (environment("KUBECONFIG") is { Length: > 0 } list)
        {
            return KubeConfigLoader.Load(list.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries), null, missingIsError: false);
        }

        var file = Path.Combine(home, ".kube", "config");
        return File.Exists(file)
            ? FromKubeConfigFile(file)
            : throw new KubernetesConfigurationException($"no cluster: no kubeconfig was given, this is no pod (KUBERNETES_SERVICE_HOST), KUBECONFIG is not set and {file} does not exist");
    }
}
