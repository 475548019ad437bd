using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Octavo.LoadGenerator.Peers;

public sealed class StartRunsTests
{
    [Fact]
    public async Task Measure_ServerThatLoadsAWhile_WaitsUntilItIsReadyAndAsksForOneToken()
    {
        var asked = 0;
        JsonElement request = default;
        WebApplication? app = null;
        var figures = await Runs().MeasureAsync(
            port =>
            {
                app = Server(port);
                app.MapGet("/ready", () => Results.StatusCode(++asked < 3 ? 503 : 200));
                app.MapPost("/v1/completions", async context => request = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body));
                app.Start();
                return Sleeping();
            },
            "/ready", CancellationToken.None);
        await app!.DisposeAsync();

        asked.Should().Be(3);
        request.GetProperty("max_tokens").GetInt32().Should().Be(1);
        request.GetProperty("prompt").GetArrayLength().Should().Be(16);
        figures["ready"].Should().BePositive();
        figures["first_token"].Should().BeGreaterThanOrEqualTo(figures["ready"]);
    }

    [Fact]
    public async Task Measure_ServerRefusesTheRequest_SaysWhatItAnswered()
    {
        WebApplication? app = null;
        var measure = () => Runs().MeasureAsync(
            port =>
            {
                app = Server(port);
                app.MapGet("/health", () => "ok");
                app.MapPost("/v1/completions", () => Results.Text("no such prompt", statusCode: 400));
                app.Start();
                return Sleeping();
            },
            "/health", CancellationToken.None);
        await measure.Should().ThrowAsync<PeerException>().WithMessage("*400 no such prompt*");
        await app!.DisposeAsync();
    }

    [Fact]
    public async Task Measure_ServerEnds_SaysItsLastWords()
    {
        var measure = () => Runs().MeasureAsync(_ => ChildProcess.Start("sh", ["-c", "echo no such model >&2; exit 3"]), "/ready", CancellationToken.None);
        await measure.Should().ThrowAsync<PeerException>().WithMessage("the server ended*");
    }

    private static StartRuns Runs()
    {
        var options = new PeersOptions { Bin = "bin", Peers = "/peers", TransformersProgram = "t.py", Results = "out", Threads = 2 };
        return new StartRuns(options, new PeerPrograms(options), TimeProvider.System);
    }

    /// <summary>What is killed in the end, in the server's place.</summary>
    private static ChildProcess Sleeping() => ChildProcess.Start("sleep", ["60"]);

    private static WebApplication Server(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        return builder.Build();
    }
}
