using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Tests.Core;
using Octavo.ServingRuntime.Tests.Hosting;

namespace Octavo.ServingRuntime.Tests.Security;

public sealed class ApiKeyMiddlewareTests
{
    [Theory]
    [InlineData("GET", "/v1/models")]
    [InlineData("POST", "/v1/chat/completions")]
    [InlineData("POST", "/tokenize")]
    [InlineData("GET", "/version")]
    [InlineData("GET", "/no/such/path")]
    [InlineData("GET", "/health/")]
    [InlineData("GET", "/Health")]
    [InlineData("GET", "/metrics/x")]
    [InlineData("DELETE", "/v1/models")]
    public async Task Request_WithoutKey_Is401BeforeAnythingElse(string method, string path)
    {
        await using var server = await TestApplication.StartAsync("ok", o => o with { ApiKeys = ["k"] });

        using var response = await server.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        response.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        response.Headers.WwwAuthenticate.Single().Scheme.Should().Be("Bearer");
        var error = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync()).GetProperty("error");
        error.GetProperty("type").GetString().Should().Be("authentication_error");
        error.GetProperty("code").GetString().Should().Be("invalid_api_key");
    }

    [Fact]
    public async Task Options_AnyPath_TellsNothing()
    {
        await using var server = await TestApplication.StartAsync("ok", o => o with { ApiKeys = ["k"] });

        foreach (var path in new[] { "/v1/models", "/no/such/path" })
        {
            using var response = await server.Client.SendAsync(new HttpRequestMessage(HttpMethod.Options, path));
            response.StatusCode.Should().Be(HttpStatusCode.NoContent);
            response.Headers.Should().NotContain(h => h.Key.StartsWith("Access-Control"));
        }
    }

    [Fact]
    public async Task Post_ByTwoTenants_ReachesTheEngineWithTenantAndSaltOfTheirOwn()
    {
        var seen = await SeenAsync(share: false);

        seen["a"].Tenant.Should().NotBe(seen["b"].Tenant).And.NotBeNull();
        seen["a"].CacheSalt.Should().NotBeNull().And.NotBe(seen["b"].CacheSalt);
        seen["a"].CacheSalt.Should().NotContain(seen["a"].Tenant!, "it must not be guessable");
        seen["a+s"].CacheSalt.Should().Be(seen["a"].CacheSalt + ":s");
        seen["a+s"].Tenant.Should().Be(seen["a"].Tenant);
    }

    [Fact]
    public async Task Post_PrefixCacheShared_HasOnlyTheClientsSalt()
    {
        var seen = await SeenAsync(share: true);

        seen["a"].Tenant.Should().NotBe(seen["b"].Tenant);
        seen["a"].CacheSalt.Should().BeNull();
        seen["a+s"].CacheSalt.Should().Be("s");
    }

    private static async Task<Dictionary<string, EngineCoreRequest>> SeenAsync(bool share)
    {
        EngineCoreRequest? last = null;
        var core = new ScriptedEngineCore(request =>
        {
            last = request;
            return [70, 2];
        });
        await using var server = await TestApplication.StartAsync(core, o => o with { ApiKeys = ["a", "b"], SharePrefixCache = share });
        var seen = new Dictionary<string, EngineCoreRequest>();
        foreach (var (name, key, salt) in new[] { ("a", "a", "null"), ("b", "b", "null"), ("a+s", "a", "\"s\"") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions")
            {
                Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key) },
                Content = new StringContent($$"""{"prompt": "x", "cache_salt": {{salt}}}""", null, "application/json"),
            };
            (await server.Client.SendAsync(request)).StatusCode.Should().Be(HttpStatusCode.OK);
            seen[name] = last!;
        }

        return seen;
    }
}
