using System.Text.Json;

namespace Octavo.KubernetesClient.KubeConfig;

/// <summary>The parts of a kubeconfig that matter here; names as in the file.</summary>
internal sealed record KubeConfigFile
{
    [System.Text.Json.Serialization.JsonPropertyName("current-context")]
    public string? CurrentContext { get; init; }

    public IReadOnlyList<KubeNamed<KubeContext>>? Contexts { get; init; }
    public IReadOnlyList<KubeNamed<KubeCluster>>? Clusters { get; init; }
    public IReadOnlyList<KubeNamed<KubeUser>>? Users { get; init; }

    private static readonly JsonSerializerOptions Reading = new(JsonSerializerDefaults.General)
    {
        PropertyNamingPolicy = JsonNamingPolicy.KebabCaseLower,
        // A token or a password of digits only is a number to YAML.
        Converters = { new ScalarStringConverter() },
    };

    public static KubeConfigFile Read(string path)
    {
        try
        {
            var documents = KubernetesYaml.LoadAll(File.ReadAllText(path));
            return documents switch
            {
                [] => new KubeConfigFile(),
                [var only] => only.Deserialize<KubeConfigFile>(Reading)!,
                _ => throw new KubernetesConfigurationException($"{path}: a kubeconfig is one document"),
            };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException or JsonException)
        {
            throw new KubernetesConfigurationException($"{path}: {exception.Message}", exception);
        }
    }
}

/// <summary>An entry; the member beside the name is called as the kind of the entry.</summary>
internal sealed record KubeNamed<T> where T : class
{
    public string Name { get; init; } = "";
    public KubeContext? Context { get; init; }
    public KubeCluster? Cluster { get; init; }
    public KubeUser? User { get; init; }

    public T Value => (Context as T) ?? (Cluster as T) ?? (User as T) ?? throw new KubernetesConfigurationException($"the entry '{Name}' of the kubeconfig is empty");
}

internal sealed record KubeContext
{
    public string? Cluster { get; init; }
    public string? User { get; init; }
    public string? Namespace { get; init; }
}

internal sealed record KubeCluster
{
    public string? Server { get; init; }
    public string? CertificateAuthority { get; init; }
    public string? CertificateAuthorityData { get; init; }
    public bool InsecureSkipTlsVerify { get; init; }
    public string? TlsServerName { get; init; }
    public string? ProxyUrl { get; init; }
}

internal sealed record KubeUser
{
    public string? Token { get; init; }

    [System.Text.Json.Serialization.JsonPropertyName("tokenFile")]
    public string? TokenFile { get; init; }

    public string? Username { get; init; }
    public string? Password { get; init; }
    public string? ClientCertificate { get; init; }
    public string? ClientCertificateData { get; init; }
    public string? ClientKey { get; init; }
    public string? ClientKeyData { get; init; }
    public string? As { get; init; }
    public IReadOnlyList<string>? AsGroups { get; init; }
    public JsonElement? AsUserExtra { get; init; }
    public string? AsUid { get; init; }
    public JsonElement? AuthProvider { get; init; }
    public KubeExec? Exec { get; init; }
}

internal sealed record KubeExec
{
    [System.Text.Json.Serialization.JsonPropertyName("apiVersion")]
    public string? ApiVersion { get; init; }

    public string? Command { get; init; }
    public IReadOnlyList<string>? Args { get; init; }
    public IReadOnlyList<KubeExecEnv>? Env { get; init; }

    [System.Text.Json.Serialization.JsonPropertyName("provideClusterInfo")]
    public bool ProvideClusterInfo { get; init; }

    [System.Text.Json.Serialization.JsonPropertyName("interactiveMode")]
    public string? InteractiveMode { get; init; }

    [System.Text.Json.Serialization.JsonPropertyName("installHint")]
    public string? InstallHint { get; init; }
}

internal sealed record KubeExecEnv(string Name, string? Value);
