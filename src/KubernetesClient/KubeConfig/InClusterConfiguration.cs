namespace Octavo.KubernetesClient.KubeConfig;

/// <summary>What the platform gives every pod: two environment variables and a mounted service account.</summary>
internal static class InClusterConfiguration
{
    public const string Folder = "/var/run/secrets/kubernetes.io/serviceaccount";

    public static bool IsInCluster(Func<string, string?> environment, string folder) =>
        !string.IsNullOrEmpty(environment("KUBERNETES_SERVICE_HOST")) && File.Exists(Path.Combine(folder, "token"));

    public static KubernetesClientConfiguration Create(Func<string, string?> environment, string folder)
    {
        var host = environment("KUBERNETES_SERVICE_HOST");
        var port = environment("KUBERNETES_SERVICE_PORT");
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port))
        {
            throw new KubernetesConfigurationException("this is no pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set");
        }

        var token = Path.Combine(folder, "token");
        var authority = Path.Combine(folder, "ca.crt");
        var namespaceFile = Path.Combine(folder, "namespace");
        try
        {
            return new KubernetesClientConfiguration
            {
                Host = new Uri($"https://{(host.Contains(':') ? $"[{host}]" : host)}:{port}"),
                TokenFile = File.Exists(token) ? token : throw new KubernetesConfigurationException($"no service account is mounted: {token} does not exist"),
                CertificateAuthorityPem = File.Exists(authority) ? File.ReadAllText(authority) : null,
                Namespace = File.Exists(namespaceFile) ? File.ReadAllText(namespaceFile).Trim() : "default",
            };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or UriFormatException)
        {
            throw new KubernetesConfigurationException($"the mounted service account cannot be used: {exception.Message}", exception);
        }
    }
}
