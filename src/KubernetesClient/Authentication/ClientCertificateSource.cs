using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Octavo.KubernetesClient.Authentication;

/// <summary>A client certificate from PEM, or from files that are read again when they were written.</summary>
internal sealed class ClientCertificateSource
{
    private readonly Lock gate = new();
    private readonly string? certificateFile;
    private readonly string? keyFile;
    private X509Certificate2Collection? current;
    private DateTime stamp;

    private ClientCertificateSource(string? certificateFile, string? keyFile, X509Certificate2Collection? current) =>
        (this.certificateFile, this.keyFile, this.current) = (certificateFile, keyFile, current);

    public static ClientCertificateSource Create(KubernetesClientConfiguration configuration)
    {
        var pem = configuration.ClientCertificatePem;
        var key = configuration.ClientKeyPem;
        if (pem is null && configuration.ClientCertificateFile is null && key is null && configuration.ClientKeyFile is null)
        {
            return new ClientCertificateSource(null, null, null);
        }

        if ((pem ?? configuration.ClientCertificateFile) is null || (key ?? configuration.ClientKeyFile) is null)
        {
            throw new KubernetesConfigurationException("a client certificate needs both a certificate and a key");
        }

        if (pem is not null && key is not null)
        {
            return new ClientCertificateSource(null, null, Parse(pem, key, "the configuration"));
        }

        if (pem is not null || key is not null)
        {
            pem ??= Read(configuration.ClientCertificateFile!);
            key ??= Read(configuration.ClientKeyFile!);
            return new ClientCertificateSource(null, null, Parse(pem, key, "the configuration"));
        }

        var source = new ClientCertificateSource(configuration.ClientCertificateFile, configuration.ClientKeyFile, null);
        source.Get();
        return source;
    }

    public X509Certificate2Collection? Get()
    {
        if (certificateFile is null || keyFile is null)
        {
            return current;
        }

        lock (gate)
        {
            var written = Later(File.GetLastWriteTimeUtc(certificateFile), File.GetLastWriteTimeUtc(keyFile));
            if (current is null || written != stamp)
            {
                try
                {
                    current = Parse(Read(certificateFile), Read(keyFile), certificateFile);
                    stamp = written;
                }
                catch (KubernetesConfigurationException) when (current is not null)
                {
                    // Half a renewal: certificate and key do not match yet. The old pair serves until they do.
                }
            }

            return current;
        }
    }

    private static DateTime Later(DateTime first, DateTime second) => first > second ? first : second;

    private static string Read(string path)
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

    private static X509Certificate2Collection Parse(string pem, string key, string place)
    {
        try
        {
            return Credential.ParseCertificate(pem, key);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new KubernetesConfigurationException($"the client certificate of {place} cannot be used: {exception.Message}", exception);
        }
    }
}
