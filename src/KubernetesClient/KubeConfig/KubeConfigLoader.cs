using System.Text;
using Octavo.KubernetesClient.Authentication;

namespace Octavo.KubernetesClient.KubeConfig;

/// <summary>Resolves a context of one or several kubeconfig files. As in kubectl the first file that names a thing wins, and paths are relative to the file they stand in.</summary>
internal static class KubeConfigLoader
{
    public static KubernetesClientConfiguration Load(IReadOnlyList<string> paths, string? context, bool missingIsError)
    {
        var files = new List<(string Path, KubeConfigFile File)>();
        foreach (var path in paths)
        {
            if (missingIsError || File.Exists(path))
            {
                files.Add((Path.GetFullPath(path), KubeConfigFile.Read(path)));
            }
        }

        var where = string.Join(", ", paths);
        if (files.Count == 0)
        {
            throw new KubernetesConfigurationException($"none of the kubeconfig files exists: {where}");
        }

        var contextName = context ?? files.Select(f => f.File.CurrentContext).FirstOrDefault(c => !string.IsNullOrEmpty(c))
            ?? throw new KubernetesConfigurationException($"{where}: no current-context, and no context was named");
        var (_, chosen) = Find<KubeContext>(files, f => f.Contexts, contextName, "context", where);
        var (clusterPath, cluster) = Find<KubeCluster>(files, f => f.Clusters, chosen.Cluster, "cluster", where);
        var (userPath, user) = string.IsNullOrEmpty(chosen.User)
            ? (clusterPath, new KubeUser())
            : Find<KubeUser>(files, f => f.Users, chosen.User, "user", where);
        Refuse(cluster, user, chosen.User, where);
        return new KubernetesClientConfiguration
        {
            Host = Uri.TryCreate(cluster.Server, UriKind.Absolute, out var server) && server.Scheme is "https" or "http"
                ? server!
                : throw new KubernetesConfigurationException($"{where}: the server '{cluster.Server}' of cluster '{chosen.Cluster}' is no http(s) URL"),
            Namespace = string.IsNullOrEmpty(chosen.Namespace) ? "default" : chosen.Namespace,
            CertificateAuthorityPem = Data(cluster.CertificateAuthorityData, "certificate-authority-data", where)
                ?? (string.IsNullOrEmpty(cluster.CertificateAuthority) ? null : ReadFile(Resolve(clusterPath, cluster.CertificateAuthority))),
            SkipTlsVerify = cluster.InsecureSkipTlsVerify,
            TlsServerName = NullIfEmpty(cluster.TlsServerName),
            AccessToken = NullIfEmpty(user.Token),
            TokenFile = NullIfEmpty(user.TokenFile) is { } tokenFile ? Resolve(userPath, tokenFile) : null,
            Username = NullIfEmpty(user.Username),
            Password = user.Password,
            ClientCertificatePem = Data(user.ClientCertificateData, "client-certificate-data", where),
            ClientKeyPem = Data(user.ClientKeyData, "client-key-data", where),
            ClientCertificateFile = string.IsNullOrEmpty(user.ClientCertificate) ? null : Resolve(userPath, user.ClientCertificate),
            ClientKeyFile = string.IsNullOrEmpty(user.ClientKey) ? null : Resolve(userPath, user.ClientKey),
            Exec = user.Exec is { } exec ? Plugin(exec, userPath, where) : null,
            ImpersonateUser = NullIfEmpty(user.As),
            ImpersonateGroup = user.AsGroups is [var group] ? group : null,
        };
    }

    private static (string Path, T Value) Find<T>(
        List<(string Path, KubeConfigFile File)> files, Func<KubeConfigFile, IReadOnlyList<KubeNamed<T>>?> entries, string? name, string kind, string where)
        where T : class
    {
        foreach (var (path, file) in files)
        {
            if (entries(file)?.FirstOrDefault(e => e.Name == name) is { } found)
            {
                return (path, found.Value);
            }
        }

        var known = string.Join(", ", files.SelectMany(f => entries(f.File) ?? []).Select(e => e.Name));
        throw new KubernetesConfigurationException($"{where}: no {kind} '{name}' (there are: {known})");
    }

    private static void Refuse(KubeCluster cluster, KubeUser user, string? userName, string where)
    {
        if (!string.IsNullOrEmpty(cluster.ProxyUrl))
        {
            throw new KubernetesConfigurationException($"{where}: proxy-url is not supported ({cluster.ProxyUrl})");
        }

        if (user.AuthProvider is not null)
        {
            throw new KubernetesConfigurationException($"{where}: user '{userName}' has an auth-provider, which is gone from Kubernetes; use an exec plugin");
        }

        if (user.AsUserExtra is not null || !string.IsNullOrEmpty(user.AsUid) || user.AsGroups is { Count: > 1 })
        {
            throw new KubernetesConfigurationException($"{where}: user '{userName}' impersonates with as-uid, as-user-extra or several as-groups, which is not supported");
        }
    }

    private static ExecCredentialConfiguration Plugin(KubeExec exec, string file, string where)
    {
        if (exec.ApiVersion is not ("client.authentication.k8s.io/v1" or "client.authentication.k8s.io/v1beta1"))
        {
            throw new KubernetesConfigurationException($"{where}: the exec plugin speaks '{exec.ApiVersion}'; client.authentication.k8s.io/v1 and v1beta1 are supported");
        }

        if (string.IsNullOrEmpty(exec.Command))
        {
            throw new KubernetesConfigurationException($"{where}: the exec plugin has no command");
        }

        if (exec.InteractiveMode == "Always")
        {
            throw new KubernetesConfigurationException($"{where}: the exec plugin '{exec.Command}' has interactiveMode Always, and there is no terminal");
        }

        // As client-go: a bare word is looked for in PATH, anything with a slash is relative to the kubeconfig.
        var command = exec.Command.Contains('/') || exec.Command.Contains(Path.DirectorySeparatorChar) ? Resolve(file, exec.Command) : exec.Command;
        return new ExecCredentialConfiguration
        {
            ApiVersion = exec.ApiVersion,
            Command = command,
            Args = exec.Args ?? [],
            Env = (exec.Env ?? []).GroupBy(e => e.Name).ToDictionary(g => g.Key, g => g.Last().Value ?? ""),
            ProvideClusterInfo = exec.ProvideClusterInfo,
            InstallHint = exec.InstallHint,
        };
    }

    private static string Resolve(string file, string path) => Path.GetFullPath(path, Path.GetDirectoryName(file)!);

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static string ReadFile(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new KubernetesConfigurationException($"{path}: {exception.Message}", exception);
        }
    }

    private static string? Data(string? base64, string name, string where)
    {
        if (string.IsNullOrEmpty(base64))
        {
            return null;
        }

        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(base64));
        }
        catch (FormatException exception)
        {
            throw new KubernetesConfigurationException($"{where}: {name} is no base64", exception);
        }
    }
}
