using System.Net;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient.Models;

namespace Octavo.IntegrationTests;

/// <summary>Models that the init containers fetch, from a hub in the test's process.</summary>
[Collection(PlatformCollection.Name)]
public sealed class RemoteModelTests(Platform platform) : IAsyncLifetime
{
    private ModelHub hub = null!;

    public async Task InitializeAsync() => hub = await ModelHub.StartAsync();

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
        hub.Downloads.Should().Be(1, "one replica fetches, the other finds it");
        await platform.DeleteAsync("remote");
    }

    [Fact]
    public async Task Apply_ModelIsGated_TheConditionSaysSo()
    {
        hub.Refusal = "GatedRepo";
        await platform.ApplyAsync("gated", Point);

        var service = await platform.WaitAsync("gated", s => Platform.Condition(s, "ModelReady")?["status"]?.GetValue<string>() == "False");

        Platform.Condition(service, "ModelReady")!["reason"]!.GetValue<string>().Should().Be("Unauthorized");
        Platform.Condition(service, "ModelReady")!["message"]!.GetValue<string>().Should().Contain(ModelHub.Uri).And.Contain("gated");
        await platform.DeleteAsync("gated");
    }

    private void Point(JsonObject spec)
    {
        spec["model"]!["uri"] = ModelHub.Uri;
        spec["runtime"]!["env"] = new JsonArray(new JsonObject { ["name"] = "HF_ENDPOINT", ["value"] = hub.Url });
    }
}
