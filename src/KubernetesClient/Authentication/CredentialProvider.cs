namespace Octavo.KubernetesClient.Authentication;

/// <summary>Gives the credential that is valid now; asked before every request and every new connection, so it caches.</summary>
internal abstract class CredentialProvider
{
    public abstract ValueTask<Credential> GetAsync(CancellationToken cancellationToken);

    /// <summary>The server refused this credential (401). True where another try may get a newer one.</summary>
    public virtual bool Invalidate(Credential refused) => false;

    public static CredentialProvider Create(KubernetesClientConfiguration configuration, TimeProvider timeProvider)
    {
        if (configuration.Exec is { } exec)
        {
            return new ExecCredentialProvider(exec, configuration, timeProvider);
        }

        var certificate = ClientCertificateSource.Create(configuration);
        return configuration.TokenFile is { } file
            ? new TokenFileCredentialProvider(file, certificate, timeProvider)
            : new StaticCredentialProvider(StaticAuthorization(configuration), certificate);
    }

    private static string? StaticAuthorization(KubernetesClientConfiguration configuration)
    {
        if (configuration.AccessToken is { Length: > 0 } token)
        {
            return Credential.Bearer(token);
        }

        return configuration.Username is { Length: > 0 } user
            ? $"Basic {Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{user}:{configuration.Password}"))}"
            : null;
    }
}
