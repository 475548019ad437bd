namespace Octavo.KubernetesClient.Authentication;

/// <summary>A token that the platform rotates in a file: read again once a minute, and at once when the server refuses it.</summary>
internal sealed class TokenFileCredentialProvider(string path, ClientCertificateSource certificate, TimeProvider timeProvider) : CredentialProvider
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private string? token;
    private long readAt;

    public override ValueTask<Credential> GetAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (token is null || timeProvider.GetElapsedTime(readAt) >= MaxAge)
            {
                Read();
            }

            return ValueTask.FromResult(new Credential { Authorization = Credential.Bearer(token!), ClientCertificate = certificate.Get() });
        }
    }

    public override bool Invalidate(Credential refused)
    {
        lock (gate)
        {
            var before = token;
            if (before is null || refused.Authorization != Credential.Bearer(before))
            {
                return true;
            }

            Read();
            return token != before;
        }
    }

    private void Read()
    {
        try
        {
            var text = File.ReadAllText(path).Trim();
            if (text.Length > 0)
            {
                token = text;
                readAt = timeProvider.GetTimestamp();
                return;
            }

            if (token is null)
            {
                throw new KubernetesConfigurationException($"the token file {path} is empty");
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A rotation swaps the file; while it is away the token of before is still good.
            if (token is null)
            {
                throw new KubernetesConfigurationException($"the token file cannot be read: {exception.Message}", exception);
            }
        }
    }
}
