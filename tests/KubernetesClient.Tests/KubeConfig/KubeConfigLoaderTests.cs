using System.Text;
using Octavo.KubernetesClient.Tests.Server;

namespace Octavo.KubernetesClient.Tests.KubeConfig;

public sealed class KubeConfigLoaderTests : IDisposable
{
    private const string Two =
        """
        apiVersion: v1
        kind: Config
        current-context: first
        contexts:
        - name: first
          context: {cluster: near, user: token-user, namespace: team-a}
        - name: second
          context: {cluster: far, user: files}
        - name: nobody
          context: {cluster: near}
        clusters:
        - name: near
          cluster:
            server: https://127.0.0.1:6443
            certificate-authority-data: UEVN
            tls-server-name: kubernetes
        - name: far
          cluster: {server: "https://far.example/base", insecure-skip-tls-verify: true, certificate-authority: pki/ca.crt}
        users:
        - name: token-user
          user: {token: 123456789012345678}
        - name: files
          user: {client-certificate: pki/tls.crt, client-key: pki/tls.key, tokenFile: token, as: eve, as-groups: [admins]}
        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Load_CurrentContext_ReadsClusterUserAndNamespace()
    {
        var configuration = KubernetesClientConfiguration.FromKubeConfigFile(folder.Write("config", Two));

        configuration.Host.Should().Be(new Uri("https://127.0.0.1:6443"));
        configuration.Namespace.Should().Be("team-a");
        configuration.CertificateAuthorityPem.Should().Be("PEM");
        configuration.TlsServerName.Should().Be("kubernetes");
        configuration.AccessToken.Should().Be("123456789012345678");
        configuration.SkipTlsVerify.Should().BeFalse();
    }

    [Fact]
    public void Load_NamedContext_ResolvesPathsBesideTheFile()
    {
        folder.Write("pki/ca.crt", "AUTHORITY");

        var configuration = KubernetesClientConfiguration.FromKubeConfigFile(folder.Write("config", Two), "second");

        configuration.Host.Should().Be(new Uri("https://far.example/base"));
        configuration.CertificateAuthorityPem.Should().Be("AUTHORITY");
        configuration.ClientCertificateFile.Should().Be(Path.Combine(folder.Path, "pki/tls.crt"));
        configuration.ClientKeyFile.Should().Be(Path.Combine(folder.Path, "pki/tls.key"));
        configuration.TokenFile.Should().Be(Path.Combine(folder.Path, "token"));
        configuration.SkipTlsVerify.Should().BeTrue();
        configuration.ImpersonateUser.Should().Be("eve");
        configuration.ImpersonateGroup.Should().Be("admins");
        configuration.Namespace.Should().Be("default");
    }

    [Fact]
    public void Load_ContextWithoutUser_IsAnonymous()
    {
        var configuration = KubernetesClientConfiguration.FromKubeConfigFile(folder.Write("config", Two), "nobody");

        configuration.AccessToken.Should().BeNull();
    }

    [Fact]
    public void Load_SeveralFiles_MergesAndTheFirstWins()
    {
        var first = folder.Write("one", "current-context: c\nusers:\n- {name: u, user: {token: first}}\nclusters: []\n");
        var second = folder.Write(
            "two", "current-context: other\ncontexts:\n- {name: c, context: {cluster: k, user: u}}\nclusters:\n- {name: k, cluster: {server: 'http://h:1'}}\nusers:\n- {name: u, user: {token: second}}\n");
        var list = $"{first}{Path.PathSeparator}{folder.Path}/missing{Path.PathSeparator}{second}";

        var configuration = KubernetesClientConfiguration.Load(null, name => name == "KUBECONFIG" ? list : null, folder.Path);

        configuration.AccessToken.Should().Be("first");
        configuration.Host.Should().Be(new Uri("http://h:1"));
    }

    [Fact]
    public void Load_HomeFile_IsTheLastResort()
    {
        folder.Write(".kube/config", Two);

        KubernetesClientConfiguration.Load(null, _ => null, folder.Path).Namespace.Should().Be("team-a");
    }

    [Fact]
    public void Load_Nothing_SaysWhatWasTried()
    {
        var load = () => KubernetesClientConfiguration.Load(null, _ => null, folder.Path);

        load.Should().Throw<KubernetesConfigurationException>().WithMessage("*KUBECONFIG*.kube/config*");
    }

    [Fact]
    public void Load_ExecPlugin_ReadsAllOfIt()
    {
        var path = folder.Write("config", With(
            """
            exec:
                  apiVersion: client.authentication.k8s.io/v1
                  command: ./bin/login
                  args: [a, "b c"]
                  env: [{name: A, value: "1"}]
                  provideClusterInfo: true
                  interactiveMode: IfAvailable
                  installHint: get it
            """));

        var exec = KubernetesClientConfiguration.FromKubeConfigFile(path).Exec!;

        exec.Command.Should().Be(Path.Combine(folder.Path, "bin/login"));
        exec.Args.Should().Equal("a", "b c");
        exec.Env.Should().Contain("A", "1");
        exec.ProvideClusterInfo.Should().BeTrue();
        exec.InstallHint.Should().Be("get it");
    }

    [Theory]
    [InlineData("exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}", "*v1alpha1*supported*")]
    [InlineData("exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always}", "*interactiveMode Always*")]
    [InlineData("exec: {apiVersion: client.authentication.k8s.io/v1}", "*no command*")]
    [InlineData("auth-provider: {name: gcp}", "*auth-provider*")]
    [InlineData("as-uid: x", "*as-uid*")]
    [InlineData("client-certificate-data: '%%'", "*no base64*")]
    [InlineData("as-groups: [a, b]", "*several as-groups*")]
    public void Load_WhatIsNotSupported_IsRefusedClearly(string user, string message)
    {
        var load = () => KubernetesClientConfiguration.FromKubeConfigFile(folder.Write("config", With(user)));

        load.Should().Throw<KubernetesConfigurationException>().WithMessage(message);
    }

    [Theory]
    [InlineData("current-context: first", "current-context: third", "*no context 'third' (there are: first, second, nobody)*")]
    [InlineData("current-context: first", "x: y", "*no current-context*")]
    [InlineData("https://127.0.0.1:6443", "nowhere", "*'nowhere' of cluster 'near' is no http(s) URL*")]
    [InlineData("tls-server-name: kubernetes", "proxy-url: http://proxy", "*proxy-url is not supported*")]
    [InlineData("- name: near", "- name: other", "*no cluster 'near'*")]
    [InlineData("contexts:", "contexts: [", "*line*")]
    public void Load_Mistakes_AreNamedWithTheFile(string part, string with, string message)
    {
        var path = folder.Write("config", Two.Replace(part, with));
        var load = () => KubernetesClientConfiguration.FromKubeConfigFile(path);

        load.Should().Throw<KubernetesConfigurationException>().WithMessage(message).Which.Message.Should().StartWith(path);
    }

    [Fact]
    public void Load_ExplicitPathMissing_IsAnErrorEvenInACluster()
    {
        var load = () => KubernetesClientConfiguration.Load(Path.Combine(folder.Path, "none"), _ => "10.0.0.1", folder.Path);

        load.Should().Throw<KubernetesConfigurationException>();
    }

    private static string With(string user) => new StringBuilder(
        """
        current-context: c
        contexts: [{name: c, context: {cluster: k, user: u}}]
        clusters: [{name: k, cluster: {server: "https://h"}}]
        users:
        - name: u
          user:

        """).Append("    ").Append(user).Append('\n').ToString();
}
