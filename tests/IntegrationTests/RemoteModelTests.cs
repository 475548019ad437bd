using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Octavo.KubernetesClient.Models;
using Octavo.ServingRuntime.Tests.Fetch;
using Octavo.TestSupport;

namespace Octavo.IntegrationTests;

/// <summary>Models that the init containers fetch, from a hub in the test's process.</summary>
[Collection(PlatformCollection.Name)]
public sealed class RemoteModelTests(Platform platform) : IAsyncLifetime
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";
    private FileServer hub = null!;
    private string? refusal;

    public async Task InitializeAsync()
    {
        hub = (await FileServer.StartAsync()).Add($"/org/tiny/resolve/{Commit}", Repository.TinyModel);
        hub.Intercept = AnswerAsync;
    }

    public async Task DisposeAsync() => await hub.DisposeAsync();

    [Fact]
    public async Task Apply_ModelOnTheHub_IsFetchedOnceOntoTheSharedClaimAndServed()
    {
        await platform.Client.CreateAsync(
            new V1PersistentVolumeClaim
            {
                Metadata = new V1ObjectMeta { Name = "models", NamespaceProperty = "default" },
                Spec = new V1PersistentVolumeClaimSpec
                {
                    AccessModes = ["ReadWriteMany"],
                    Resources = new V1ResourceRequirements { Requests = new Dictionary<string, string> { ["storage"] = "1Gi" } },
                },
            },
            null,
            Platform.Timeout(10));
        await platform.ApplyAsync("remote", spec =>
        {
            Point(spec);
            spec["storage"] = new JsonObject { ["claimName"] = "models" };
            spec["replicas"] = 2;
        });

        var service = await platform.WaitReadyAsync("remote");
        using var answer = await FirstLightTests.RetryUntilRoutedAsync(() => platform.ChatAsync("remote", "Hello"));

        Platform.Condition(service, "ModelReady")!["status"]!.GetValue<string>().Should().Be("True");
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        hub.Requests.Count(r => r.Target.EndsWith("model.safetensors", StringComparison.Ordinal)).Should().Be(1, "one replica fetches, the other finds it");
        await platform.DeleteAsync("remote");
    }

    [Fact]
    public async Task Apply_ModelIsGated_TheConditionSaysSo()
    {
        refusal = "GatedRepo";
        await platform.ApplyAsync("gated", Point);

        var service = await platform.WaitAsync("gated", s => Platform.Condition(s, "ModelReady")?["status"]?.GetValue<string>() == "False");

        Platform.Condition(service, "ModelReady")!["reason"]!.GetValue<string>().Should().Be("Unauthorized");
        Platform.Condition(service, "ModelReady")!["message"]!.GetValue<string>().Should().Contain("hf://org/tiny@v1").And.Contain("gated");
        await platform.DeleteAsync("gated");
    }

    private void Point(JsonObject spec)
    {
        spec["model"]!["uri"] = "hf://org/tiny@v1";
        spec["runtime"]!["env"] = new JsonArray(new JsonObject { ["name"] = "HF_ENDPOINT", ["value"] = hub.Url });
    }

    private async Task<bool> AnswerAsync(HttpContext context)
    {
        if (refusal is not null)
        {
            context.Response.StatusCode = 403;
            context.Response.Headers["X-Error-Code"] = refusal;
            return true;
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
