using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Octavo.ServingRuntime.Engine.Tests.Core;
using Octavo.ServingRuntime.Tests.Hosting;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Admin;

public sealed class AdminEndpointsTests
{
    [Theory]
    [InlineData("GET", "/stats")]
    [InlineData("POST", "/drain")]
    [InlineData("POST", "/resume")]
    [InlineData("POST", "/reset_prefix_cache")]
    public async Task PublicListener_AdminRoute_DoesNotExist(string method, string path)
    {
        await using var server = await StartAsync(TestApplication.Answering("ok"));
        using var pretending = new HttpRequestMessage(new HttpMethod(method), path);
        pretending.Headers.Host = $"127.0.0.1:{server.AdminAddress.Port}";

        (await server.Client.SendAsync(pretending)).StatusCode.Should().Be(HttpStatusCode.NotFound, "the Host header does not choose the listener");
        server.Host.Loaded!.Llm.IsDraining.Should().BeFalse();
    }

    [Fact]
    public async Task AdminListener_ApiRoute_DoesNotExist()
    {
        await using var server = await StartAsync(TestApplication.Answering("ok"));
        using var admin = new HttpClient { BaseAddress = server.AdminAddress };

        (await admin.GetAsync("/v1/models")).StatusCode.Should().Be(HttpStatusCode.NotFound);
        (await admin.GetAsync("/drain")).StatusCode.Should().Be(HttpStatusCode.MethodNotAllowed);
    }

    [Fact]
    public async Task Stats_RequestInFlight_DescribesItWithoutItsText()
    {
        var core = new ScriptedEngineCore(_ => [70, 71, 2]) { Steps = new SemaphoreSlim(0) };
        await using var server = await StartAsync(core);
        using var admin = new HttpClient { BaseAddress = server.AdminAddress };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = new StringContent("""{"prompt": "secret words"}""", null, "application/json") };
        request.Headers.Add("X-Request-Id", "mine");
        var sent = server.Client.SendAsync(request);
        await Eventually.HoldsAsync(() => server.Host.Loaded!.Llm.InFlight == 1, "the request is in flight");

        var text = await admin.GetStringAsync("/stats");
        (await admin.GetStringAsync("/load")).Should().Be("""{"server_load":1}""");
        (await server.Client.GetStringAsync("/load")).Should().Be("""{"server_load":1}""");

        var stats = JsonSerializer.Deserialize<JsonElement>(text);
        stats.GetProperty("state").GetString().Should().Be("ready");
        var live = stats.GetProperty("requests").EnumerateArray().Single();
        live.GetProperty("client_request_id").GetString().Should().Be("mine");
        live.GetProperty("state").GetString().Should().Be("queued");
        live.GetProperty("prompt_tokens").GetInt32().Should().BePositive();
        text.Should().NotContain("secret");
        core.Steps.Release(10);
        (await sent).StatusCode.Should().Be(HttpStatusCode.OK);
        await Eventually.HoldsAsync(() => server.Client.GetStringAsync("/load").Result == """{"server_load":0}""", "the load is gone");
    }

    [Fact]
    public async Task DrainAndResume_TurnReadinessAndAdmission()
    {
        await using var server = await StartAsync(TestApplication.Answering("ok"));
        using var admin = new HttpClient { BaseAddress = server.AdminAddress };

        (await admin.PostAsync("/drain", null)).StatusCode.Should().Be(HttpStatusCode.Accepted);
        (await server.Client.GetAsync("/ready")).StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        (await server.Client.GetAsync("/health")).StatusCode.Should().Be(HttpStatusCode.OK);
        (await server.PostAsync("/v1/completions", """{"prompt": "x"}""")).StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);

        (await admin.PostAsync("/resume", null)).StatusCode.Should().Be(HttpStatusCode.OK);
        (await server.Client.GetAsync("/ready")).StatusCode.Should().Be(HttpStatusCode.OK);
        (await server.PostAsync("/v1/completions", """{"prompt": "x"}""")).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task ResetPrefixCache_RealEngine_ForgetsAPromptItHadCached()
    {
        var core = Engine.Core.EngineCoreFactory.Create(
            new Engine.EngineOptions { Device = "cpu", ModelPath = Repository.TinyModel, CpuThreads = 1, NumBlocksOverride = 256 }, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        await using var server = await StartAsync(core);
        using var admin = new HttpClient { BaseAddress = server.AdminAddress };
        var body = $"{{\"prompt\": [{string.Join(',', Enumerable.Range(300, 64))}], \"max_tokens\": 1}}";
        async Task<int> CachedAsync() => (await server.PostForJsonAsync("/v1/completions", body)).GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32();

        (await CachedAsync()).Should().Be(0);
        (await CachedAsync()).Should().BePositive();
        (await admin.PostAsync("/reset_prefix_cache", null)).StatusCode.Should().Be(HttpStatusCode.NoContent);

        (await CachedAsync()).Should().Be(0);
    }

    [Fact]
    public async Task AdminKeys_NeitherListenerTakesTheOthers()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "root: admin-key\n");
            await using var server = await StartAsync(TestApplication.Answering("ok"), file);

            (await StatusAsync(server.AdminAddress, "/stats", null)).Should().Be(HttpStatusCode.Unauthorized);
            (await StatusAsync(server.AdminAddress, "/stats", "api-key")).Should().Be(HttpStatusCode.Unauthorized);
            (await StatusAsync(server.AdminAddress, "/nothing", null)).Should().Be(HttpStatusCode.Unauthorized);
            (await StatusAsync(server.AdminAddress, "/stats", "admin-key")).Should().Be(HttpStatusCode.OK);
            (await StatusAsync(server.Client.BaseAddress!, "/v1/models", "admin-key")).Should().Be(HttpStatusCode.Unauthorized);
            (await StatusAsync(server.Client.BaseAddress!, "/v1/models", "api-key")).Should().Be(HttpStatusCode.OK);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task<HttpStatusCode> StatusAsync(Uri address, string path, string? key)
    {
        using var client = new HttpClient { BaseAddress = address };
        client.DefaultRequestHeaders.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        using var response = await client.GetAsync(path);
        return response.StatusCode;
    }

    private static Task<TestApplication> StartAsync(Engine.Core.IEngineCore core, string? keys = null)
        => TestApplication.StartAsync(core, o => o with { AdminPort = 0, AdminApiKeyFile = keys, ApiKeys = keys is null ? [] : ["api-key"] });
}
