using System.Security.Cryptography.X509Certificates;

namespace Octavo.KubernetesClient.Authentication;

/// <summary>What proves who asks: an Authorization header, a client certificate, both or neither.</summary>
internal sealed class Credential
{
    public static readonly Credential Anonymous = new();

    public string? Authorization { get; init; }

    public X509Certificate2Collection? ClientCertificate { get; init; }

    public static string Bearer(string token) => $"Bearer {token}";

    /// <summary>Leaf with its key first, then the intermediates of the same PEM.</summary>
    public static X509Certificate2Collection ParseCertificate(string certificatePem, string keyPem)
    {
        var leaf = X509Certificate2.CreateFromPem(certificatePem, keyPem);
        if (OperatingSystem.IsWindows())
        {
            // SChannel cannot use a key that was never stored.
            using var ephemeral = leaf;
            leaf = X509CertificateLoader.LoadPkcs12(ephemeral.Export(X509ContentType.Pkcs12), null);
        }

        var all = new X509Certificate2Collection();
        all.ImportFromPem(certificatePem);
        var result = new X509Certificate2Collection(leaf);
        result.AddRange(all.Skip(1).ToArray());
        return result;
    }
}
