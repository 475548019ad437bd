using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Octavo.KubernetesClient.Tests.Server;

/// <summary>A certificate authority for one test.</summary>
internal sealed class TestCertificates : IDisposable
{
    private static readonly DateTimeOffset Begin = TimeProvider.System.GetUtcNow().AddHours(-1);
    private static readonly DateTimeOffset End = Begin.AddDays(2);

    private readonly X509Certificate2 authority;

    public TestCertificates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        authority = request.CreateSelfSigned(Begin, End);
    }

    public string AuthorityPem => authority.ExportCertificatePem();

    public X509Certificate2 Server(IPAddress? address, string? name)
    {
        var names = new SubjectAlternativeNameBuilder();
        if (address is not null)
        {
            names.AddIpAddress(address);
        }

        if (name is not null)
        {
            names.AddDnsName(name);
        }

        var (certificate, key) = Issue("CN=test server", "1.3.6.1.5.5.7.3.1", names);
        using (key)
        {
            return certificate.CopyWithPrivateKey(key);
        }
    }

    public (string Certificate, string Key) Client(string name)
    {
        var (certificate, key) = Issue($"CN={name}", "1.3.6.1.5.5.7.3.2", null);
        using (key)
        {
            return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
        }
    }

    public void Dispose() => authority.Dispose();

    private (X509Certificate2 Certificate, ECDsa Key) Issue(string subject, string usage, SubjectAlternativeNameBuilder? names)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        if (names is not null)
        {
            request.CertificateExtensions.Add(names.Build());
        }

        return (request.Create(authority, Begin, End, RandomNumberGenerator.GetBytes(8)), key);
    }
}
