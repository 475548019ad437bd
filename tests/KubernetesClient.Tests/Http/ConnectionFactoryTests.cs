using System.Net;
using System.Security.Authentication;
using Octavo.KubernetesClient.Models;
using Octavo.KubernetesClient.Tests.Server;

namespace Octavo.KubernetesClient.Tests.Http;

public sealed class ConnectionFactoryTests : IDisposable
{
    private readonly TestCertificates certificates = new();

    public void Dispose() => certificates.Dispose();

    [Fact]
    public async Task Tls_CustomAuthorityAndAddress_IsTrusted()
    {
        await using var server = await StartAsync(IPAddress.Loopback, null);

        await GetAsync(server.Configuration with { CertificateAuthorityPem = certificates.AuthorityPem });

        server.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task Tls_AuthorityOfSomebodyElse_IsRefused()
    {
        using var others = new TestCertificates();
        await using var server = await StartAsync(IPAddress.Loopback, null);

        await RefusedAsync(server.Configuration with { CertificateAuthorityPem = others.AuthorityPem });
    }

    [Fact]
    public async Task Tls_NoAuthorityGiven_TrustsOnlyTheSystem()
    {
        await using var server = await StartAsync(IPAddress.Loopback, null);

        await RefusedAsync(server.Configuration);
    }

    [Fact]
    public async Task Tls_CertificateForAnotherAddress_IsRefused()
    {
        await using var server = await StartAsync(IPAddress.Parse("127.9.9.9"), null);

        await RefusedAsync(server.Configuration with { CertificateAuthorityPem = certificates.AuthorityPem });
    }

    [Fact]
    public async Task Tls_ServerName_IsExpectedInsteadOfTheHost()
    {
        await using var server = await StartAsync(null, "kubernetes.example");
        var configuration = server.Configuration with { CertificateAuthorityPem = certificates.AuthorityPem };

        await RefusedAsync(configuration);
        await GetAsync(configuration with { TlsServerName = "kubernetes.example" });

        server.Requests.Single().Header("Host").Should().Be(server.Uri.Authority);
    }

    [Fact]
    public async Task Tls_SkipVerify_TrustsAnything()
    {
        await using var server = await StartAsync(null, "elsewhere");

        await GetAsync(server.Configuration with { SkipTlsVerify = true });

        server.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task ClientCertificate_Pem_IsPresented()
    {
        await using var server = await StartAsync(IPAddress.Loopback, null, wantsClientCertificate: true);
        var (certificate, key) = certificates.Client("admin");

        await GetAsync(server.Configuration with { CertificateAuthorityPem = certificates.AuthorityPem, ClientCertificatePem = certificate, ClientKeyPem = key });

        server.Requests.Single().ClientCertificate.Should().Be("CN=admin");
    }

    [Fact]
    public async Task ClientCertificate_FilesRenewed_AreReadForTheNextConnection()
    {
        using var folder = new TemporaryFolder();
        await using var server = await StartAsync(IPAddress.Loopback, null, wantsClientCertificate: true);
        var (certificate, key) = certificates.Client("before");
        var configuration = server.Configuration with
        {
            CertificateAuthorityPem = certificates.AuthorityPem,
            ClientCertificateFile = folder.Write("tls.crt", certificate),
            ClientKeyFile = folder.Write("tls.key", key),
        };
        var source = Octavo.KubernetesClient.Authentication.ClientCertificateSource.Create(configuration);
        source.Get()![0].Subject.Should().Be("CN=before");

        (certificate, key) = certificates.Client("after");
        folder.Write("tls.crt", certificate);
        File.SetLastWriteTimeUtc(configuration.ClientCertificateFile, new DateTime(2040, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        source.Get()![0].Subject.Should().Be("CN=before", "half a renewal is no renewal");
        folder.Write("tls.key", key);

        source.Get()![0].Subject.Should().Be("CN=after");
    }

    [Fact]
    public void ClientCertificate_WithoutKey_IsRefusedAtStart()
    {
        var (certificate, _) = certificates.Client("admin");
        var configuration = new KubernetesClientConfiguration { Host = new Uri("https://localhost"), ClientCertificatePem = certificate };

        var create = () => new HttpKubernetesClient(configuration, TimeProvider.System);

        create.Should().Throw<KubernetesConfigurationException>().WithMessage("*both a certificate and a key*");
    }

    [Fact]
    public void Authority_Garbage_IsRefusedAtStart()
    {
        var configuration = new KubernetesClientConfiguration { Host = new Uri("https://localhost"), CertificateAuthorityPem = "no pem" };

        var create = () => new HttpKubernetesClient(configuration, TimeProvider.System);

        create.Should().Throw<KubernetesConfigurationException>();
    }

    private static async Task GetAsync(KubernetesClientConfiguration configuration)
    {
        using var client = new HttpKubernetesClient(configuration, TimeProvider.System);
        await client.GetAsync<V1Pod>("p", "n", default);
    }

    private static async Task RefusedAsync(KubernetesClientConfiguration configuration)
    {
        var failed = await FluentActions.Awaiting(() => GetAsync(configuration)).Should().ThrowAsync<HttpRequestException>();
        failed.Which.InnerException.Should().BeOfType<AuthenticationException>();
    }

    private Task<TestApiServer> StartAsync(IPAddress? address, string? name, bool wantsClientCertificate = false) =>
        TestApiServer.StartAsync(Answers.Json(Answers.Pod), certificates.Server(address, name), wantsClientCertificate);
}
