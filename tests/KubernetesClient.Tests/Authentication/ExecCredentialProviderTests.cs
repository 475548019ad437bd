using System.Net;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient.Authentication;
using Octavo.KubernetesClient.Models;
using Octavo.KubernetesClient.Tests.Server;
using Octavo.TestSupport;

namespace Octavo.KubernetesClient.Tests.Authentication;

public sealed class ExecCredentialProviderTests : IDisposable
{
    private const string Version = "client.authentication.k8s.io/v1";
    private readonly TemporaryFolder folder = new();
    private readonly FakeTimeProvider clock = new();

    public void Dispose() => folder.Dispose();

    [SkippableFact]
    public async Task Request_WithPlugin_CarriesItsTokenAndRunsItOnce()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Json(Answers.Pod));
        using var client = Client(server, Counting("""{"token":"t'$n'"}"""));

        await client.GetAsync<V1Pod>("p", "n", default);
        await client.GetAsync<V1Pod>("p", "n", default);

        server.Requests.Select(r => r.Header("Authorization")).Should().Equal("Bearer t1", "Bearer t1");
    }

    [SkippableFact]
    public async Task Request_AfterExpiry_RunsThePluginAgain()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Json(Answers.Pod));
        using var client = Client(server, Counting("""{"token":"t'$n'","expirationTimestamp":"2026-01-01T01:00:00Z"}"""));

        await client.GetAsync<V1Pod>("p", "n", default);
        clock.Advance(TimeSpan.FromMinutes(59));
        await client.GetAsync<V1Pod>("p", "n", default);
        clock.Advance(TimeSpan.FromSeconds(51));
        await client.GetAsync<V1Pod>("p", "n", default);

        server.Requests.Select(r => r.Header("Authorization")).Should().Equal("Bearer t1", "Bearer t1", "Bearer t2");
    }

    [SkippableFact]
    public async Task Request_Refused401_GetsANewTokenAndTriesOnce()
    {
        await using var server = await TestApiServer.StartAsync(context =>
            context.Request.Headers.Authorization == "Bearer t2" ? Answers.Json(Answers.Pod)(context) : Answers.Status(401, "Unauthorized", "Unauthorized")(context));
        using var client = Client(server, Counting("""{"token":"t'$n'"}"""));

        await client.GetAsync<V1Pod>("p", "n", default);

        server.Requests.Should().HaveCount(2);
    }

    [SkippableFact]
    public async Task Request_AlwaysRefused_StopsAfterOneRenewal()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Status(401, "Unauthorized", "Unauthorized"));
        using var client = Client(server, Counting("""{"token":"t'$n'"}"""));

        await client.Invoking(c => c.GetAsync<V1Pod>("p", "n", default)).Should().ThrowAsync<KubernetesException>();

        server.Requests.Should().HaveCount(2);
    }

    [SkippableFact]
    public async Task Plugin_ClientCertificate_IsPresented()
    {
        using var certificates = new TestCertificates();
        await using var server = await TestApiServer.StartAsync(Answers.Json(Answers.Pod), certificates.Server(IPAddress.Loopback, null), wantsClientCertificate: true);
        var (certificate, key) = certificates.Client("by-plugin");
        var status = new JsonObject { ["clientCertificateData"] = certificate, ["clientKeyData"] = key };
        var answer = folder.Write("answer.json", new JsonObject { ["apiVersion"] = Version, ["kind"] = "ExecCredential", ["status"] = status }.ToJsonString());
        using var client = Client(server, Script($"cat {answer}"), certificates.AuthorityPem);

        await client.GetAsync<V1Pod>("p", "n", default);

        server.Requests.Single().ClientCertificate.Should().Be("CN=by-plugin");
    }

    [SkippableFact]
    public async Task Plugin_NewCertificateAfterExpiry_IsPresentedOnANewConnection()
    {
        using var certificates = new TestCertificates();
        await using var server = await TestApiServer.StartAsync(Answers.Json(Answers.Pod), certificates.Server(IPAddress.Loopback, null), wantsClientCertificate: true);
        var answer = WriteAnswer("before");
        using var client = Client(server, Script($"cat {answer}"), certificates.AuthorityPem);

        await client.GetAsync<V1Pod>("p", "n", default);
        WriteAnswer("after");
        await client.GetAsync<V1Pod>("p", "n", default);
        clock.Advance(TimeSpan.FromHours(1));
        await client.GetAsync<V1Pod>("p", "n", default);

        server.Requests.Select(r => r.ClientCertificate).Should().Equal("CN=before", "CN=before", "CN=after");

        string WriteAnswer(string name)
        {
            var (certificate, key) = certificates.Client(name);
            var status = new JsonObject { ["clientCertificateData"] = certificate, ["clientKeyData"] = key, ["expirationTimestamp"] = "2026-01-01T01:00:00Z" };
            return folder.Write("answer.json", new JsonObject { ["apiVersion"] = Version, ["kind"] = "ExecCredential", ["status"] = status }.ToJsonString());
        }
    }

    [SkippableFact]
    public async Task Plugin_Always_GetsArgumentsEnvironmentAndCluster()
    {
        var seen = Path.Combine(folder.Path, "seen");
        var plugin = Script($"printf '%s|%s|%s' \"$1\" \"$WHO\" \"$KUBERNETES_EXEC_INFO\" > {seen}\n" + Credential("""{"token":"t"}""")) with
        {
            Args = ["get token"],
            Env = new Dictionary<string, string> { ["WHO"] = "me" },
            ProvideClusterInfo = true,
        };
        var provider = new ExecCredentialProvider(plugin, new KubernetesClientConfiguration { Host = new Uri("https://example:6443"), CertificateAuthorityPem = "PEM" }, clock);

        await provider.GetAsync(default);

        var parts = File.ReadAllText(seen).Split('|', 3);
        parts[..2].Should().Equal("get token", "me");
        JsonNode.DeepEquals(JsonNode.Parse(parts[2]), JsonNode.Parse(
            """
            {"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",
             "spec":{"interactive":false,"cluster":{"server":"https://example:6443","certificate-authority-data":"UEVN"}}}
            """)).Should().BeTrue(parts[2]);
    }

    [SkippableTheory]
    [InlineData("echo 'no login' >&2; exit 3", "*exit code 3: no login*")]
    [InlineData("echo nonsense-with-secret", "*printed no ExecCredential*")]
    [InlineData("echo '{\"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"t\"}}'", "*v1beta1 ExecCredential where*")]
    [InlineData("echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{}}'", "*neither a token nor a client certificate*")]
    public async Task Plugin_Useless_IsAClearErrorWithoutItsOutput(string script, string message)
    {
        var provider = new ExecCredentialProvider(Script(script), new KubernetesClientConfiguration { Host = new Uri("https://example") }, clock);

        var failed = await FluentActions.Awaiting(() => provider.GetAsync(default).AsTask()).Should().ThrowAsync<KubernetesConfigurationException>();

        failed.WithMessage(message).Which.ToString().Should().NotContain("nonsense-with-secret");
    }

    [Fact]
    public async Task Plugin_Missing_ShowsTheHint()
    {
        var plugin = new ExecCredentialConfiguration { ApiVersion = Version, Command = Path.Combine(folder.Path, "none"), InstallHint = "install the tool" };
        var provider = new ExecCredentialProvider(plugin, new KubernetesClientConfiguration { Host = new Uri("https://example") }, clock);

        (await FluentActions.Awaiting(() => provider.GetAsync(default).AsTask()).Should().ThrowAsync<KubernetesConfigurationException>()).WithMessage("*install the tool");
    }

    [SkippableFact]
    public async Task Plugin_Hangs_IsKilledAfterItsTime()
    {
        var provider = new ExecCredentialProvider(Script("sleep 600"), new KubernetesClientConfiguration { Host = new Uri("https://example") }, clock);

        var get = provider.GetAsync(default).AsTask();
        clock.Advance(TimeSpan.FromSeconds(61));

        (await get.Invoking(g => g).Should().ThrowAsync<KubernetesConfigurationException>()).WithMessage("*within 60 s");
    }

    private HttpKubernetesClient Client(TestApiServer server, ExecCredentialConfiguration plugin, string? authority = null) =>
        new(server.Configuration with { Exec = plugin, CertificateAuthorityPem = authority }, clock);

    // $n counts the runs.
    private ExecCredentialConfiguration Counting(string status) =>
        Script($"echo x >> {folder.Path}/runs\nn=$(wc -l < {folder.Path}/runs | tr -d ' ')\n" + Credential(status));

    private static string Credential(string status) => $$"""echo '{"apiVersion":"{{Version}}","kind":"ExecCredential","status":{{status}}}'""";

    private ExecCredentialConfiguration Script(string body)
    {
        Skip.If(OperatingSystem.IsWindows(), "the plugin is a shell script");
        return new ExecCredentialConfiguration { ApiVersion = Version, Command = folder.WriteScript("plugin", $"#!/bin/sh\n{body}\n") };
    }
}
