using Octavo.KubernetesClient.Models;
using Octavo.KubernetesClient.Tests.Server;
using Octavo.TestSupport;

namespace Octavo.KubernetesClient.Tests.Authentication;

public sealed class TokenFileCredentialProviderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly FakeTimeProvider clock = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Token_Rotated_IsUsedWithinAMinute()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Json(Answers.Pod));
        var file = folder.Write("token", "one\n");
        using var client = new HttpKubernetesClient(server.Configuration with { TokenFile = file }, clock);

        await client.GetAsync<V1Pod>("p", "n", default);
        folder.Write("token", "two\n");
        await client.GetAsync<V1Pod>("p", "n", default);
        clock.Advance(TimeSpan.FromSeconds(60));
        await client.GetAsync<V1Pod>("p", "n", default);

        server.Requests.Select(r => r.Header("Authorization")).Should().Equal("Bearer one", "Bearer one", "Bearer two");
    }

    [Fact]
    public async Task Token_RefusedAndRotated_IsReadAtOnce()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Sequence(Answers.Status(401, "Unauthorized", "Unauthorized"), Answers.Json(Answers.Pod)));
        var file = folder.Write("token", "one");
        using var client = new HttpKubernetesClient(server.Configuration with { TokenFile = file }, clock);
        folder.Write("token", "one");
        var before = client.GetAsync<V1Pod>("p", "n", default);

        await before.Invoking(b => b).Should().ThrowAsync<KubernetesException>("the same token would be refused again");
        folder.Write("token", "two");
        await client.GetAsync<V1Pod>("p", "n", default);

        server.Requests.Should().HaveCount(2);
    }

    [Fact]
    public async Task Token_FileGoneDuringRotation_KeepsTheOldOne()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Json(Answers.Pod));
        var file = folder.Write("token", "one");
        using var client = new HttpKubernetesClient(server.Configuration with { TokenFile = file }, clock);

        await client.GetAsync<V1Pod>("p", "n", default);
        File.Delete(file);
        clock.Advance(TimeSpan.FromMinutes(2));
        await client.GetAsync<V1Pod>("p", "n", default);

        server.Requests.Select(r => r.Header("Authorization")).Should().Equal("Bearer one", "Bearer one");
    }

    [Fact]
    public async Task Token_FileMissing_IsAConfigurationError()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Json(Answers.Pod));
        using var client = new HttpKubernetesClient(server.Configuration with { TokenFile = Path.Combine(folder.Path, "none") }, clock);

        await client.Invoking(c => c.GetAsync<V1Pod>("p", "n", default)).Should().ThrowAsync<KubernetesConfigurationException>();
    }
}
