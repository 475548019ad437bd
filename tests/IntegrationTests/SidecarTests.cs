using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.IntegrationTests;

/// <summary>A model beside the containers of somebody's own Deployment, with real processes.</summary>
[Collection(PlatformCollection.Name)]
public sealed class SidecarTests(Platform platform)
{
    private const string Name = "beside-app";

    [Fact]
    public async Task AnnotatedDeployment_IsServedInEachPodUntilTheAnnotationGoes()
    {
        // Used for sidecars alone: no replica of its own.
        await platform.ApplyAsync("beside", spec => spec["replicas"] = 0);
        var service = await platform.WaitReadyAsync("beside");
        Platform.Condition(service, "Ready")!["reason"]!.GetValue<string>().Should().Be("ScaledToZero");
        await platform.Client.ApplyManifestAsync(App("beside"), new ApplyOptions { FieldManager = "test" }, Platform.Timeout(10));

        var pods = await PodsAsync(pods => pods.Count == 2 && pods.All(p => IsReady(p) && Sidecar(p) is not null));
        pods.Select(p => p.Status!.PodIP).Should().OnlyHaveUniqueItems();
        foreach (var pod in pods)
        {
            pod.Status!.ContainerStatuses!.Single().RestartCount.Should().Be(0, "the app found the model at its first try");
            (await AnswerAsync(pod)).Should().Contain("Paris");
        }

        var probes = $"http://{pods[0].Status!.PodIP}:8003";
        using (var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) })
        {
            using var ready = await http.GetAsync(new Uri($"{probes}/ready"));
            using var models = await http.GetAsync(new Uri($"{probes}/v1/models"));
            (ready.StatusCode, models.StatusCode).Should().Be((HttpStatusCode.OK, HttpStatusCode.NotFound));
        }

        await platform.WaitAsync("beside", s => s["status"]?["sidecarDeployments"]?.GetValue<int>() == 1);
        await platform.Client.ApplyManifestAsync(App(null), new ApplyOptions { FieldManager = "test" }, Platform.Timeout(10));

        var left = await PodsAsync(pods => pods.Count == 2 && pods.All(p => IsReady(p) && p.Spec!.InitContainers is not { Count: > 0 }));
        left.Select(p => p.Status!.PodIP).Should().NotBeEmpty();
        await platform.Client.DeleteAsync<V1Deployment>(Name, "default", null, Platform.Timeout(10));
        await platform.DeleteAsync("beside");
    }

    /// <summary>It ends at once where nobody answers on its port: then it would be started again.</summary>
    private static JsonObject App(string? inject)
    {
        var app = JsonNode.Parse($$"""
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"{{Name}}","namespace":"default"},
             "spec":{"replicas":2,"selector":{"matchLabels":{"app":"{{Name}}"} },
                     "template":{"metadata":{"labels":{"app":"{{Name}}"},"annotations":{} },
                                 "spec":{"terminationGracePeriodSeconds":5,
                                         "containers":[{"name":"app","image":"octavo/serving-runtime:0.1.0","command":["bash","-c"]}]} } } }
            """)!.AsObject();
        var template = app["spec"]!["template"]!;
        template["spec"]!["containers"]![0]!["args"] = new JsonArray(inject is null ? "exec sleep 600" : "exec 3<>/dev/tcp/$OCTAVO_BIND_HOST/8000 && exec sleep 600");
        if (inject is not null)
        {
            template["metadata"]!["annotations"]!["serving.octavo.dev/inject"] = inject;
        }

        return app;
    }

    private static bool IsReady(V1Pod pod) => pod.Metadata.DeletionTimestamp is null && pod.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true;

    private static V1ContainerStatus? Sidecar(V1Pod pod) => pod.Status?.InitContainerStatuses?.FirstOrDefault(c => c.Name == "octavo-serving");

    private static async Task<string> AnswerAsync(V1Pod pod)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(60) };
        var question = new JsonObject
        {
            ["model"] = "beside",
            ["temperature"] = 0,
            ["max_tokens"] = 32,
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "What is the capital of France?" }),
        };
        using var response = await http.PostAsJsonAsync(new Uri($"http://{pod.Status!.PodIP}:8000/v1/chat/completions"), question);
        var body = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        return body["choices"]![0]!["message"]!["content"]!.GetValue<string>();
    }

    private async Task<IReadOnlyList<V1Pod>> PodsAsync(Func<IReadOnlyList<V1Pod>, bool> holds)
    {
        var timeout = Platform.Timeout(90);
        IReadOnlyList<V1Pod> pods = [];
        while (!timeout.IsCancellationRequested)
        {
            pods = (await platform.Client.ListAsync<V1Pod>("default", new ListOptions { LabelSelector = $"app={Name}" }, Platform.Timeout(10))).Items;
            if (holds(pods))
            {
                return pods;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None);
        }

        throw new TimeoutException($"{string.Join('\n', pods.Select(p => KubernetesJson.ToNode(p.Status!).ToJsonString()))}\noperator: {platform.OperatorProcess.Tail}");
    }
}
