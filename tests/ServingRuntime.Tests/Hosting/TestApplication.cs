using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Tests.Core;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.ServingRuntime.Hosting;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Hosting;

/// <summary>The whole server on a free port of the loopback, with the tiny model's tokenizer and an engine of the test's choice.</summary>
internal sealed class TestApplication : IAsyncDisposable
{
    private TestApplication(WebApplication app)
    {
        App = app;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public static Tokenizer Tokenizer { get; } = Tokenizer.Load(Path.Combine(Repository.TinyModel, "tokenizer.json"));

    public WebApplication App { get; }

    public HttpClient Client { get; }

    /// <summary>Where the admin listener is; only with one.</summary>
    public Uri AdminAddress => new(App.Urls.Last());

    public ModelHost Host => App.Services.GetRequiredService<ModelHost>();

    /// <summary>An engine that answers every request with the same text and then ends it.</summary>
    public static ScriptedEngineCore Answering(string text) => new(_ => [.. Tokenizer.Encode(text, addSpecialTokens: false), 2]);

    public static Task<TestApplication> StartAsync(string answer, Func<ServingOptions, ServingOptions>? configure = null) => StartAsync(Answering(answer), configure);

    public static async Task<TestApplication> StartAsync(IEngineCore core, Func<ServingOptions, ServingOptions>? configure = null, int maxNumSeqs = 256)
    {
        var application = await StartLoadingAsync((_, _, _) => core, configure, new EngineOptions { Device = "cpu", ModelPath = Repository.TinyModel, MaxNumSeqs = maxNumSeqs });
        await Eventually.HoldsAsync(() => application.Host.Loaded is not null, "the model is loaded");

        return application;
    }

    public static async Task<TestApplication> StartLoadingAsync(EngineCoreSource source, Func<ServingOptions, ServingOptions>? configure = null, EngineOptions? engine = null)
    {
        var options = new ServingOptions { Model = Repository.TinyModel, Port = 0, WarmUp = false };
        var app = ServingApplication.Build(configure?.Invoke(options) ?? options, engine ?? new EngineOptions { Device = "cpu", ModelPath = Repository.TinyModel }, source, TimeProvider.System);
        await app.StartAsync();
        return new TestApplication(app);
    }

    public Task<HttpResponseMessage> PostAsync(string path, string json) => Client.PostAsync(path, new StringContent(json, null, "application/json"));

    public async Task<JsonElement> PostForJsonAsync(string path, string json, int status = 200)
    {
        using var response = await PostAsync(path, json);
        var text = await response.Content.ReadAsStringAsync();
        ((int)response.StatusCode).Should().Be(status, text);
        return JsonSerializer.Deserialize<JsonElement>(text);
    }

    /// <summary>The data of each event of a streamed answer.</summary>
    public async Task<List<string>> PostForEventsAsync(string path, string json)
    {
        using var response = await PostAsync(path, json);
        var text = await response.Content.ReadAsStringAsync();
        ((int)response.StatusCode).Should().Be(200, text);
        response.Content.Headers.ContentType!.ToString().Should().Be("text/event-stream");
        text.Should().EndWith("\n\n");
        var events = text[..^2].Split("\n\n");
        events.Should().OnlyContain(e => e.StartsWith("data: ") && !e.Contains('\n'));
        return [.. events.Select(e => e["data: ".Length..])];
    }

    public async Task<JsonElement> GetJsonAsync(string path) => await Client.GetFromJsonAsync<JsonElement>(path);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.DisposeAsync();
    }
}
