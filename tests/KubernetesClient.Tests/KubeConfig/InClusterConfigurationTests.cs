using Octavo.KubernetesClient.KubeConfig;
using Octavo.KubernetesClient.Tests.Server;

namespace Octavo.KubernetesClient.Tests.KubeConfig;

public sealed class InClusterConfigurationTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("10.0.0.1", "https://10.0.0.1/")]
    [InlineData("fd00::1", "https://[fd00::1]/")]
    public void Create_InAPod_UsesTheServiceAccount(string host, string expected)
    {
        var token = folder.Write("token", "t");
        folder.Write("ca.crt", "PEM");
        folder.Write("namespace", "octavo-system\n");

        var configuration = InClusterConfiguration.Create(name => name == "KUBERNETES_SERVICE_HOST" ? host : "443", folder.Path);

        configuration.Host.AbsoluteUri.Should().Be(expected);
        configuration.TokenFile.Should().Be(token);
        configuration.CertificateAuthorityPem.Should().Be("PEM");
        configuration.Namespace.Should().Be("octavo-system");
    }

    [Fact]
    public void Create_NoPod_IsRefused()
    {
        var create = () => InClusterConfiguration.Create(_ => null, folder.Path);

        create.Should().Throw<KubernetesConfigurationException>().WithMessage("this is no pod*");
    }

    [Fact]
    public void Create_TokenNotMounted_IsRefused()
    {
        var create = () => InClusterConfiguration.Create(_ => "1", folder.Path);

        create.Should().Throw<KubernetesConfigurationException>().WithMessage("*no service account is mounted*");
    }
}
