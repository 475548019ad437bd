using System.Diagnostics;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Fetch;

/// <summary>The real executable, killed in the midst of it.</summary>
public sealed class FetchProcessTests : IAsyncLifetime, IDisposable
{
    private readonly FetchWorkplace place = new();
    private FileServer server = null!;

    public async Task InitializeAsync() => server = (await FileServer.StartAsync()).Add("/tiny", Repository.TinyModel);

    public async Task DisposeAsync() => await server.DisposeAsync();

    public void Dispose() => place.Dispose();

    [SkippableFact]
    public async Task Fetch_Killed_TheNextRunGoesOnAndBringsLess()
    {
        var executable = Path.Combine(AppContext.BaseDirectory, "octavo-serve.dll");
        Skip.IfNot(File.Exists(executable), "the runtime is not beside its tests");
        using var enough = new SemaphoreSlim(0);
        var parts = 0;
        server.Intercept = async context =>
        {
            // After twenty parts the server holds its breath, so that the kill comes in the midst.
            if (context.Request.Headers.Range.Count > 0 && Interlocked.Increment(ref parts) > 20)
            {
                enough.Release();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                return true;
            }

            return false;
        };
        using (var first = Start(executable))
        {
            var reached = await enough.WaitAsync(TimeSpan.FromMinutes(2));
            first.Kill();
            await first.WaitForExitAsync();
            reached.Should().BeTrue("the first run brings parts");
        }

        var before = server.BytesSent;
        server.Intercept = _ => Task.FromResult(false);
        using var second = Start(executable);
        var output = second.StandardOutput.ReadToEndAsync();
        var error = second.StandardError.ReadToEndAsync();
        await second.WaitForExitAsync();

        second.ExitCode.Should().Be(0, await error);
        (await output).Trim().Should().NotContain("\n").And.Contain(TinyModelSource.ManifestDigest);
        (await error).Should().Contain("are here");
        FetchWorkplace.ShouldBeTinyModel(place.EntryOf(server.Url + "/tiny"));
        (server.BytesSent - before).Should().BeLessThan(TinyModelSource.TotalBytes - (15 * (64 << 10)), "what was noted does not come again");
    }

    private Process Start(string executable) => Process.Start(new ProcessStartInfo(
        Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet",
        [executable, "fetch", "--uri", server.Url + "/tiny", "--cache-dir", place.Cache, "--part-size", "0.0625", "--connections", "2"])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}
