using System.Net;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient.Models;

namespace Octavo.IntegrationTests;

[Collection(PlatformCollection.Name)]
public sealed class FirstLightTests(Platform platform)
{
    [Fact]
    public async Task Apply_ModelThatShips_BecomesReadyAndAnswersThroughTheGateway()
    {
        await platform.ApplyAsync("light");
        var service = await platform.WaitReadyAsync("light");

        using var response = await RetryUntilRoutedAsync(() => platform.ChatAsync("light", "What is the capital of France?"));
        var body = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        body["choices"]![0]!["message"]!["content"]!.GetValue<string>().Should().Contain("Paris");
        body["usage"]!["prompt_tokens_details"]!["cached_tokens"].Should().NotBeNull();
        service["status"]!["observedGeneration"]!.GetValue<long>().Should().Be(service["metadata"]!["generation"]!.GetValue<long>());
        service["status"]!["readyReplicas"]!.GetValue<int>().Should().Be(1);
        await platform.DeleteAsync("light");
    }

    [Fact]
    public async Task SteadyState_NobodyWrites()
    {
        await platform.ApplyAsync("quiet");
        await platform.WaitReadyAsync("quiet");
        await SettledAsync();
        var before = await VersionsAsync();

        // Several autoscaling ticks and probe periods of real time: what is tested is that nothing happens in them.
        await Task.Delay(TimeSpan.FromSeconds(6), TimeProvider.System);

        (await VersionsAsync()).Should().Equal(before);
        await platform.DeleteAsync("quiet");
    }

    [Fact]
    public async Task PodKilled_InFlightRequestEnds_AndThePodComesBack()
    {
        await platform.ApplyAsync("killed");
        await platform.WaitReadyAsync("killed");
        using (await RetryUntilRoutedAsync(() => platform.ChatAsync("killed", "Hello")))
        {
        }

        var server = ProcessOf((await platform.PodsAsync("killed")).Single());

        // More streams than the replica runs at once, so that some are in flight and some wait when it dies.
        var firstToken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var streams = Enumerable.Range(0, 24).Select(i => StreamAsync($"Count {i}", firstToken)).ToList();
        await firstToken.Task.WaitAsync(Platform.Timeout(20));
        await Platform.KillAsync(server);
        var answers = await Task.WhenAll(streams).WaitAsync(TimeSpan.FromSeconds(60));

        answers.Should().Contain(a => a.Contains("error", StringComparison.Ordinal), "a request in flight ends with an error");
        answers.Should().OnlyContain(a => a.Contains("error", StringComparison.Ordinal) || a.Contains("[DONE]", StringComparison.Ordinal), "none is left without an end");
        await RestartedAsync("killed");
        await platform.WaitAsync("killed", s => s["status"]?["readyReplicas"]?.GetValue<int>() == 1 && Platform.Condition(s, "Ready")?["status"]?.GetValue<string>() == "True");
        using var again = await RetryUntilRoutedAsync(() => platform.ChatAsync("killed", "What is the capital of France?"));
        again.StatusCode.Should().Be(HttpStatusCode.OK);
        await platform.DeleteAsync("killed");
    }

    [Fact]
    public async Task OperatorAndGatewayKilled_NothingIsLost()
    {
        await platform.ApplyAsync("survivor");
        await platform.WaitReadyAsync("survivor");
        var pod = (await platform.PodsAsync("survivor")).Single();

        await Platform.KillAsync(platform.OperatorProcess.Id);
        await Platform.KillAsync(platform.GatewayProcess.Id);
        await platform.ApplyAsync("survivor", spec => spec["replicas"] = 2);
        await platform.StartOperatorAsync();
        await platform.StartGatewayAsync();

        await platform.WaitAsync("survivor", s => s["status"]?["readyReplicas"]?.GetValue<int>() == 2);
        using var answer = await RetryUntilRoutedAsync(() => platform.ChatAsync("survivor", "What is the capital of France?"));
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        (await platform.PodsAsync("survivor")).Select(p => p.Metadata.Uid).Should().Contain(pod.Metadata.Uid, "what ran goes on running");
        await platform.DeleteAsync("survivor");
    }

    /// <summary>The gateway's watch may lag behind the Ready condition by a moment: 404 is asked again.</summary>
    internal static async Task<HttpResponseMessage> RetryUntilRoutedAsync(Func<Task<HttpResponseMessage>> send)
    {
        var timeout = Platform.Timeout(15);
        while (true)
        {
            var response = await send();
            if (response.StatusCode != HttpStatusCode.NotFound || timeout.IsCancellationRequested)
            {
                return response;
            }

            response.Dispose();
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }
    }

    /// <summary>Status still tells of the time before the kill until the node has seen it: the restart is waited for first.</summary>
    private async Task RestartedAsync(string name)
    {
        var timeout = Platform.Timeout(30);
        while ((await platform.PodsAsync(name)).Single().Status?.ContainerStatuses?.Sum(c => (int?)c.RestartCount) != 1)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, timeout);
        }
    }

    /// <summary>The whole stream as text; an error's envelope where there was no stream.</summary>
    private async Task<string> StreamAsync(string question, TaskCompletionSource firstToken)
    {
        using var response = await platform.ChatAsync("killed", question, maxTokens: 900, stream: true, ignoreEos: true);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var text = new System.Text.StringBuilder();
        while (await reader.ReadLineAsync() is { } line)
        {
            text.AppendLine(line);
            if (line.Contains("content", StringComparison.Ordinal))
            {
                firstToken.TrySetResult();
            }
        }

        return text.ToString();
    }

    /// <summary>The process that serves on the pod's address, which the node gives to it by a variable.</summary>
    private static int ProcessOf(V1Pod pod) => Directory.EnumerateDirectories("/proc")
        .Select(Path.GetFileName)
        .Where(n => int.TryParse(n, out _))
        .Select(int.Parse!)
        .First(id => Texts(id, "cmdline").Any(a => a.EndsWith("octavo-serve", StringComparison.Ordinal)) && !Texts(id, "cmdline").Contains("exec-child")
            && Texts(id, "environ").Contains("OCTAVO_BIND_HOST=" + pod.Status!.PodIP));

    private static string[] Texts(int id, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/{file}").Split('\0', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (IOException)
        {
            return [];
        }
    }

    /// <summary>Nothing is written for two seconds, and no pod of another test is still draining.</summary>
    private async Task SettledAsync()
    {
        var last = await VersionsAsync();
        for (var quiet = 0; quiet < 10;)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
            var now = await VersionsAsync();
            quiet = now.SequenceEqual(last) && now.Where(n => n.StartsWith("/api/v1/pods ", StringComparison.Ordinal)).All(n => n.Contains(" quiet-", StringComparison.Ordinal)) ? quiet + 1 : 0;
            last = now;
        }
    }

    /// <summary>Resource versions of everything that the operator or a controller might write; leases and the node's heartbeat are time itself.</summary>
    private async Task<IReadOnlyList<string>> VersionsAsync()
    {
        var found = new List<string>();
        foreach (var path in (string[])["/apis/serving.octavo.dev/v1alpha1/inferenceservices", "/apis/apps/v1/deployments", "/apis/apps/v1/replicasets", "/api/v1/pods", "/api/v1/services",
            "/api/v1/events", "/apis/discovery.k8s.io/v1/endpointslices"])
        {
            var list = (await platform.Client.SendAsync(HttpMethod.Get, path, null, null, Platform.Timeout(10)))!;
            found.AddRange(list["items"]!.AsArray().Select(i => $"{path} {i!["metadata"]!["name"]} {i["metadata"]!["resourceVersion"]}"));
        }

        return found;
    }
}
