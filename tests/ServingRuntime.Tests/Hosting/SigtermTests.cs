using System.Diagnostics;
using System.Net;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Hosting;

/// <summary>The real executable and the real signal.</summary>
public sealed class SigtermTests
{
    private const int Streams = 32;
    private const string Long = """{"prompt": "x", "max_tokens": 900, "ignore_eos": true, "stream": true}""";

    [SkippableFact]
    public async Task Sigterm_StreamsInFlight_EndThemRefuseNewOnesAndExitZero()
    {
        await using var server = await ServerProcess.StartAsync("--shutdown-timeout", "60");
        var streams = await StartStreamsAsync(server);

        server.Signal("TERM");
        HttpStatusCode? ready = null;
        await Eventually.HoldsAsync(() => (ready = server.Status("/ready")) != HttpStatusCode.OK, "readiness is false");

        ready.Should().Be(HttpStatusCode.ServiceUnavailable, "it still answers while streams run");
        using (var refused = await server.PostAsync(Long))
        {
            refused.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
            refused.Headers.RetryAfter.Should().NotBeNull();
        }

        foreach (var text in await Task.WhenAll(streams))
        {
            text.Should().EndWith("data: [DONE]\n\n").And.Contain("\"finish_reason\":\"length\"").And.NotContain("\"error\"");
        }

        (await server.ExitAsync()).Should().Be(0);
    }

    [SkippableFact]
    public async Task Sigterm_TimeoutIsOver_EndsStreamsWithAnErrorEventAndExitsZero()
    {
        await using var server = await ServerProcess.StartAsync("--shutdown-timeout", "0");
        var streams = await StartStreamsAsync(server);

        server.Signal("TERM");

        var texts = await Task.WhenAll(streams);
        texts.Should().OnlyContain(text => text.EndsWith("data: [DONE]\n\n"), "every stream is closed properly");
        texts.Should().Contain(text => text.Contains("\"code\":\"shutting_down\""), "32 streams of 900 tokens are not done in the time that a signal takes");
        (await server.ExitAsync()).Should().Be(0);
    }

    private static async Task<List<Task<string>>> StartStreamsAsync(ServerProcess server)
    {
        var responses = await Task.WhenAll(Enumerable.Range(0, Streams).Select(_ => server.PostAsync(Long)));
        responses.Should().OnlyContain(r => r.StatusCode == HttpStatusCode.OK);
        return [.. responses.Select(r => r.Content.ReadAsStringAsync())];
    }

    private sealed class ServerProcess : IAsyncDisposable
    {
        private readonly Process process;
        private readonly HttpClient client;

        private ServerProcess(Process process, Uri address)
        {
            this.process = process;
            client = new HttpClient { BaseAddress = address };
        }

        public static async Task<ServerProcess> StartAsync(params string[] flags)
        {
            Skip.IfNot(File.Exists("/bin/kill") || File.Exists("/usr/bin/kill"), "there is no kill command here");
            var executable = Path.Combine(AppContext.BaseDirectory, "octavo-serve");
            Skip.IfNot(File.Exists(executable), $"{executable} is not built");
            var start = new ProcessStartInfo(executable, ["--model", Repository.TinyModel, "--port", "0", "--no-warm-up", "--cpu-threads", "1", .. flags]) { RedirectStandardOutput = true };
            var process = Process.Start(start)!;
            var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
            process.OutputDataReceived += (_, line) =>
            {
                if (line.Data?.StartsWith("Listening on ", StringComparison.Ordinal) == true)
                {
                    address.TrySetResult(new Uri(line.Data["Listening on ".Length..]));
                }
            };
            process.BeginOutputReadLine();
            var server = new ServerProcess(process, await address.Task.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System));
            await Eventually.HoldsAsync(() => server.Status("/ready") == HttpStatusCode.OK, "the server is ready");
            return server;
        }

        public void Signal(string name)
        {
            using var kill = Process.Start("kill", [$"-{name}", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            kill.WaitForExit(TimeSpan.FromSeconds(30)).Should().BeTrue();
        }

        /// <summary>Null where nothing answers any more.</summary>
        public HttpStatusCode? Status(string path)
        {
            try
            {
                using var response = client.Send(new HttpRequestMessage(HttpMethod.Get, path));
                return response.StatusCode;
            }
            catch (HttpRequestException)
            {
                return null;
            }
        }

        public Task<HttpResponseMessage> PostAsync(string json) => client.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = new StringContent(json, null, "application/json") }, HttpCompletionOption.ResponseHeadersRead);

        public async Task<int> ExitAsync()
        {
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System);
            return process.ExitCode;
        }

        public async ValueTask DisposeAsync()
        {
            client.Dispose();
            if (!process.HasExited)
            {
                process.Kill();
            }

            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
            process.Dispose();
        }
    }
}
