using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Octavo.KubernetesClient.Authentication;

/// <summary>Runs a credential plugin, one at a time, and keeps what it gave until it expires or the server refuses it.</summary>
internal sealed class ExecCredentialProvider(ExecCredentialConfiguration plugin, KubernetesClientConfiguration configuration, TimeProvider timeProvider)
    : CredentialProvider
{
    // A token that ends while the request is under way would be refused.
    private static readonly TimeSpan Leeway = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim running = new(1, 1);
    private volatile Entry? current;

    public override async ValueTask<Credential> GetAsync(CancellationToken cancellationToken)
    {
        if (current is { } entry && IsFresh(entry))
        {
            return entry.Credential;
        }

        await running.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (current is { } other && IsFresh(other))
            {
                return other.Credential;
            }

            var output = await ExecCredentialPlugin.RunAsync(plugin, Request(), timeProvider, cancellationToken).ConfigureAwait(false);
            var fresh = Parse(output);
            current = fresh;
            return fresh.Credential;
        }
        finally
        {
            running.Release();
        }
    }

    public override bool Invalidate(Credential refused)
    {
        if (current is { } entry && ReferenceEquals(entry.Credential, refused))
        {
            current = null;
        }

        return true;
    }

    private bool IsFresh(Entry entry) => entry.Expires is not { } expires || timeProvider.GetUtcNow() < expires - Leeway;

    private string Request()
    {
        var spec = new JsonObject { ["interactive"] = false };
        if (plugin.ProvideClusterInfo)
        {
            var cluster = new JsonObject { ["server"] = configuration.Host.ToString().TrimEnd('/') };
            if (configuration.TlsServerName is { } name)
            {
                cluster["tls-server-name"] = name;
            }

            if (configuration.SkipTlsVerify)
            {
                cluster["insecure-skip-tls-verify"] = true;
            }

            if (configuration.CertificateAuthorityPem is { } authority)
            {
                cluster["certificate-authority-data"] = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(authority));
            }

            spec["cluster"] = cluster;
        }

        return new JsonObject { ["apiVersion"] = plugin.ApiVersion, ["kind"] = "ExecCredential", ["spec"] = spec }.ToJsonString();
    }

    private Entry Parse(string output)
    {
        try
        {
            var answer = JsonSerializer.Deserialize<ExecCredential>(output, KubernetesJson.Options);
            if (answer?.Kind != "ExecCredential" || answer.ApiVersion != plugin.ApiVersion)
            {
                throw Bad($"answered {answer?.ApiVersion} {answer?.Kind} where an ExecCredential of {plugin.ApiVersion} was due");
            }

            var status = answer.Status;
            var hasCertificate = status?.ClientCertificateData is { Length: > 0 } && status.ClientKeyData is { Length: > 0 };
            if (status is null || (string.IsNullOrEmpty(status.Token) && !hasCertificate))
            {
                throw Bad("gave neither a token nor a client certificate with its key");
            }

            return new Entry(
                new Credential
                {
                    Authorization = string.IsNullOrEmpty(status.Token) ? null : Credential.Bearer(status.Token),
                    ClientCertificate = hasCertificate ? Credential.ParseCertificate(status.ClientCertificateData!, status.ClientKeyData!) : null,
                },
                status.ExpirationTimestamp);
        }
        catch (Exception exception) when (exception is JsonException or CryptographicException or ArgumentException)
        {
            throw Bad(exception is JsonException ? "printed no ExecCredential" : $"gave a certificate that cannot be used: {exception.Message}");
        }
    }

    // Never with the output: it may hold a token.
    private KubernetesConfigurationException Bad(string what) => new($"the credential plugin '{plugin.Command}' {what}");

    private sealed record Entry(Credential Credential, DateTimeOffset? Expires);

    private sealed record ExecCredential(string? ApiVersion, string? Kind, ExecCredentialStatus? Status);

    private sealed record ExecCredentialStatus(string? Token, string? ClientCertificateData, string? ClientKeyData, DateTimeOffset? ExpirationTimestamp);
}
