using System.Text.Json.Nodes;

namespace Octavo.IntegrationTests;

[Collection(PlatformCollection.Name)]
public sealed class AutoscalingTests(Platform platform)
{
    [Fact]
    public async Task Burst_ScalesOutAndBackIn_AndSaysWhy()
    {
        await platform.ApplyAsync("elastic", spec =>
        {
            spec.Remove("replicas");
            spec["runtime"]!["engine"]!["maxNumSeqs"] = 2;
            spec["autoscaling"] = JsonNode.Parse("""{"minReplicas":1,"maxReplicas":2,"targets":{"queueDepth":2},"scaleUp":{"stabilizationSeconds":0},"scaleDown":{"stabilizationSeconds":4}}""");
        });
        await platform.WaitReadyAsync("elastic");
        using var stop = new CancellationTokenSource();
        var load = Enumerable.Range(0, 12).Select(_ => LoadAsync(stop.Token)).ToList();

        var grown = await platform.WaitAsync("elastic", s => s["status"]?["readyReplicas"]?.GetValue<int>() == 2);
        await stop.CancelAsync();
        await Task.WhenAll(load);
        var shrunk = await platform.WaitAsync("elastic", s => s["status"]?["desiredReplicas"]?.GetValue<int>() == 1 && s["status"]?["replicas"]?.GetValue<int>() == 1);

        grown["status"]!["autoscaling"]!["lastDecision"]!["reason"]!.GetValue<string>().Should().NotBeEmpty();
        shrunk["status"]!["autoscaling"]!["history"]!.AsArray().Should().HaveCountGreaterThanOrEqualTo(2);
        var events = (await platform.Client.SendAsync(HttpMethod.Get, "/api/v1/namespaces/default/events", null, null, Platform.Timeout(10)))!["items"]!.AsArray()
            .Where(e => e!["involvedObject"]!["name"]!.GetValue<string>() == "elastic").Select(e => e!["reason"]!.GetValue<string>());
        events.Should().Contain(["ScaledUp", "ScaledDown"]);
        await platform.DeleteAsync("elastic");
    }

    private async Task LoadAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            using var response = await platform.ChatAsync("elastic", "Count", maxTokens: 400, ignoreEos: true);
            await response.Content.ReadAsStringAsync(CancellationToken.None);
        }
    }
}
