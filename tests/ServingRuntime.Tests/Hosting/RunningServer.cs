using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Hosting;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Hosting;

/// <summary>A whole life of the server in this process, up to its exit code, with an engine of the test's choice.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private readonly StringWriter errors = new();
    private readonly IHostApplicationLifetime lifetime;

    private RunningServer(WebApplication app, Task<int> exit, StringWriter errors)
    {
        lifetime = app.Lifetime;
        Host = app.Services.GetRequiredService<ModelHost>();
        this.errors = errors;
        Exit = exit;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public HttpClient Client { get; }

    public Task<int> Exit { get; }

    public ModelHost Host { get; }

    /// <summary>What it last said.</summary>
    public string LastWords => errors.ToString().TrimEnd().Split('\n')[^1];

    public static async Task<RunningServer> StartAsync(
        IEngineCore? core = null, TimeProvider? clock = null, Func<ServingOptions, ServingOptions>? configure = null, string? model = null, bool waitUntilLoaded = true)
    {
        var errors = new StringWriter();
        var started = new TaskCompletionSource<WebApplication>(TaskCreationOptions.RunContinuationsAsynchronously);
        var folder = model ?? Repository.TinyModel;
        var options = new ServingOptions { Model = folder, Port = 0, WarmUp = false };
        var run = new ServeRun((o, time, logger) => core ?? EngineCoreFactory.Create(o, time, logger), clock ?? TimeProvider.System, TextWriter.Null, errors);
        var exit = run.RunAsync(configure?.Invoke(options) ?? options, new EngineOptions { Device = "cpu", ModelPath = folder, CpuThreads = 1, NumBlocksOverride = 256 }, started.SetResult);
        await Task.WhenAny(started.Task, exit);
        var server = new RunningServer(await started.Task, exit, errors);
        if (waitUntilLoaded)
        {
            await Eventually.HoldsAsync(() => server.Host.Loaded is not null, "the model is loaded");
        }

        return server;
    }

    public Task<HttpResponseMessage> PostAsync(string json, CancellationToken cancellationToken = default)
        => Client.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = new StringContent(json, null, "application/json") },
            HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        lifetime.StopApplication();
        await Exit.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System);
    }
}
