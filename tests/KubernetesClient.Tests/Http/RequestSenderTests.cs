using System.Net;
using Microsoft.AspNetCore.Http;
using Octavo.KubernetesClient.Models;
using Octavo.KubernetesClient.Tests.Server;
using Octavo.TestSupport;
using Microsoft.Extensions.Logging;
using NSubstitute;

namespace Octavo.KubernetesClient.Tests.Http;

public sealed class RequestSenderTests
{
    private readonly InstantTimeProvider time = new();

    [Fact]
    public async Task Answer_Status_BecomesATypedException()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Json(
            """{"kind":"Status","status":"Failure","reason":"Invalid","code":422,"message":"Pod \"p\" is invalid: spec: Required value","details":{"causes":[{"reason":"FieldValueRequired","field":"spec"}]}}""", 422));

        var exception = await FailAsync(server);

        exception.IsInvalid.Should().BeTrue();
        exception.Message.Should().Be("GET /api/v1/namespaces/n/pods/p: Pod \"p\" is invalid: spec: Required value");
        exception.Status!.Details!.Causes!.Single().Field.Should().Be("spec");
    }

    [Theory]
    [InlineData("AlreadyExists", true, false)]
    [InlineData("Conflict", false, true)]
    public async Task Answer_409_IsToldApartByReason(string reason, bool exists, bool conflict)
    {
        await using var server = await TestApiServer.StartAsync(Answers.Status(409, reason, "m"));

        var exception = await FailAsync(server);

        exception.IsAlreadyExists.Should().Be(exists);
        exception.IsConflict.Should().Be(conflict);
    }

    [Fact]
    public async Task Answer_PlainText404_IsNotFoundWithTheText()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Text("404 page not found\n", 404));

        var exception = await FailAsync(server);

        exception.IsNotFound.Should().BeTrue();
        exception.Status.Should().BeNull();
        exception.Message.Should().EndWith("404: 404 page not found");
    }

    [Fact]
    public async Task Answer_EmptyError_NamesTheCode()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Text("", 502));

        (await FailAsync(server)).Message.Should().EndWith("502 Bad Gateway");
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task RetryAfter_IdempotentRequest_WaitsAndTriesAgain(int code)
    {
        await using var server = await TestApiServer.StartAsync(Answers.Sequence(Answers.RetryAfter(code, "7"), Answers.RetryAfter(code, "1"), Answers.Json(Answers.Pod)));
        using var client = Client(server);

        var pod = await client.GetAsync<V1Pod>("p", "n", default);

        pod.Metadata.Name.Should().Be("p");
        time.Delays.Should().Equal(TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task RetryAfter_Create_IsNotSentTwice()
    {
        await using var server = await TestApiServer.StartAsync(Answers.RetryAfter(429, "1"));
        using var client = Client(server);

        var failed = await client.Invoking(c => c.CreateAsync(new V1Pod { Metadata = new V1ObjectMeta { Name = "p", NamespaceProperty = "n" } }, null, default))
            .Should().ThrowAsync<KubernetesException>();

        failed.Which.RetryAfter.Should().Be(TimeSpan.FromSeconds(1));
        server.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task RetryAfter_ForEver_IsBounded()
    {
        await using var server = await TestApiServer.StartAsync(Answers.RetryAfter(429, "1"));

        await FailAsync(server);

        server.Requests.Should().HaveCount(6);
    }

    [Fact]
    public async Task RetryAfter_TooLong_IsTheCallers()
    {
        await using var server = await TestApiServer.StartAsync(Answers.RetryAfter(503, "3600"));

        (await FailAsync(server)).RetryAfter.Should().Be(TimeSpan.FromHours(1));

        server.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task ServerError_WithoutRetryAfter_IsNotTriedAgain()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Status(500, "InternalError", "boom"));

        await FailAsync(server);

        server.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task SlowServer_PastTheTimeout_IsATimeoutException()
    {
        var never = new TaskCompletionSource();
        var asked = new TaskCompletionSource();
        await using var server = await TestApiServer.StartAsync(context =>
        {
            asked.TrySetResult();
            return never.Task.WaitAsync(context.RequestAborted);
        });
        var clock = new FakeTimeProvider();
        using var client = new HttpKubernetesClient(server.Configuration, clock);

        var get = client.GetAsync<V1Pod>("p", "n", default);
        await asked.Task;
        clock.Advance(TimeSpan.FromSeconds(61));

        await get.Invoking(g => g).Should().ThrowAsync<TimeoutException>();
    }

    [Fact]
    public async Task Warning_Repeated_IsLoggedOnce()
    {
        await using var server = await TestApiServer.StartAsync(context =>
        {
            context.Response.Headers.Append("Warning", "299 - \"unknown field \\\"spec.x\\\"\"");
            return Answers.Json(Answers.Pod)(context);
        });
        var logger = Substitute.For<ILogger<HttpKubernetesClient>>();
        logger.IsEnabled(default).ReturnsForAnyArgs(true);
        using var client = new HttpKubernetesClient(server.Configuration, time, logger);

        await client.GetAsync<V1Pod>("p", "n", default);
        await client.GetAsync<V1Pod>("p", "n", default);

        var logged = logger.ReceivedCalls().Where(c => c.GetMethodInfo().Name == "Log").ToList();
        logged.Should().ContainSingle().Which.GetArguments()[2]!.ToString().Should().Contain("unknown field \"spec.x\"");
    }

    [Fact]
    public async Task Configuration_Credentials_AreSent()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Json(Answers.Pod));
        using var client = new HttpKubernetesClient(
            server.Configuration with { AccessToken = "secret", ImpersonateUser = "eve", ImpersonateGroup = "a", UserAgent = "octavo-test/1" }, time);

        await client.GetAsync<V1Pod>("p", "n", default);

        var request = server.Requests.Single();
        request.Header("Authorization").Should().Be("Bearer secret");
        request.Header("Impersonate-User").Should().Be("eve");
        request.Header("Impersonate-Group").Should().Be("a");
        request.Header("User-Agent").Should().Be("octavo-test/1");
        client.Configuration.ToString().Should().NotContain("secret");
    }

    [Fact]
    public async Task Unauthorized_StaticToken_IsNotTriedAgain()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Status(401, "Unauthorized", "Unauthorized"));

        (await FailAsync(server)).StatusCode.Should().Be(HttpStatusCode.Unauthorized);

        server.Requests.Should().ContainSingle();
    }

    private HttpKubernetesClient Client(TestApiServer server) => new(server.Configuration with { AccessToken = "t" }, time);

    private async Task<KubernetesException> FailAsync(TestApiServer server)
    {
        using var client = Client(server);
        return (await client.Invoking(c => c.GetAsync<V1Pod>("p", "n", default)).Should().ThrowAsync<KubernetesException>()).Which;
    }
}
