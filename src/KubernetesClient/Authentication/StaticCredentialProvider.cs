namespace Octavo.KubernetesClient.Authentication;

/// <summary>A token, a password or a certificate that the configuration holds.</summary>
internal sealed class StaticCredentialProvider(string? authorization, ClientCertificateSource certificate) : CredentialProvider
{
    public override ValueTask<Credential> GetAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult(new Credential { Authorization = authorization, ClientCertificate = certificate.Get() });
}
