using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Octavo.ServingRuntime.Tests.Fetch;
using Octavo.TestSupport;

namespace Octavo.IntegrationTests;

/// <summary>A hub in the test's process that has the model that ships, as org/tiny at v1.</summary>
internal sealed class ModelHub : IAsyncDisposable
{
    public const string Uri = "hf://org/tiny@v1";

    private const string Commit = "0123456789abcdef0123456789abcdef01234567";
    private const string Weights = "model.safetensors";

    private readonly FileServer server;

    private ModelHub(FileServer server) => this.server = server;

    public string Url => server.Url;

    /// <summary>The hub's error code of a refusal; null: it answers.</summary>
    public string? Refusal { get; set; }

    /// <summary>Whoever asks for weights waits for it.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>How often the weights were asked for.</summary>
    public int Downloads => server.Requests.Count(r => r.Target.EndsWith(Weights, StringComparison.Ordinal));

    public static async Task<ModelHub> StartAsync()
    {
        var hub = new ModelHub((await FileServer.StartAsync()).Add($"/org/tiny/resolve/{Commit}", Repository.TinyModel));
        hub.server.Intercept = hub.AnswerAsync;
        return hub;
    }

    public async ValueTask DisposeAsync() => await server.DisposeAsync();

    private async Task<bool> AnswerAsync(HttpContext context)
    {
        if (Refusal is not null)
        {
            context.Response.StatusCode = 403;
            context.Response.Headers["X-Error-Code"] = Refusal;
            return true;
        }

        if (context.Request.Path.Value!.EndsWith(Weights, StringComparison.Ordinal))
        {
            await Gate.WaitAsync(context.RequestAborted);
        }

        if (context.Request.Path != "/api/models/org/tiny/revision/v1")
        {
            return false;
        }

        var files = Directory.GetFiles(Repository.TinyModel).Select(f => new { rfilename = Path.GetFileName(f), size = new FileInfo(f).Length });
        await context.Response.WriteAsync(JsonSerializer.Serialize(new { sha = Commit, siblings = files }));
        return true;
    }
}
