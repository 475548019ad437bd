using System.Globalization;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.Cli.Demo;

/// <summary>The demo's view of the API server: applies manifests and watches the InferenceService <c>default/tiny</c>.</summary>
internal sealed class DemoCluster(IKubernetesClient client, TimeProvider timeProvider)
{
    public const string ModelName = "octavo-tiny";
    public const int MaxReplicas = 3;

    private const string ServicePath = "/apis/serving.octavo.dev/v1alpha1/namespaces/default/inferenceservices/tiny";
    private static readonly ApplyOptions Apply = new() { FieldManager = "octavo-demo", Force = true };

    public async Task ApplyFolderAsync(string folder, CancellationToken cancellationToken)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*.yaml").Where(f => Path.GetFileName(f) != "kustomization.yaml").Order(StringComparer.Ordinal))
        {
            await ApplyFileAsync(file, cancellationToken);
        }
    }

    public async Task ApplyFileAsync(string file, CancellationToken cancellationToken)
    {
        foreach (var manifest in Read(file, await File.ReadAllTextAsync(file, cancellationToken)))
        {
            var applied = await client.ApplyManifestAsync(manifest, Apply, cancellationToken);
            if (applied["kind"]?.GetValue<string>() == "CustomResourceDefinition")
            {
                await WaitEstablishedAsync(applied["metadata"]!["name"]!.GetValue<string>(), cancellationToken);
            }
        }
    }

    public Task WaitReadyAsync(Action<string> news, CancellationToken cancellationToken) => WaitAsync(
        service => ConditionOf(service, "Ready")?["status"]?.GetValue<string>() == "True" && Status(service, "readyReplicas") >= 1,
        service => string.Join(", ", Conditions(service).Select(c => $"{c["type"]}={c["status"]} ({c["reason"]})")) is { Length: > 0 } text ? text : "no conditions yet",
        news,
        cancellationToken);

    public Task WaitScaledOutAsync(Action<string> news, Action check, CancellationToken cancellationToken) => WaitAsync(
        service =>
        {
            check();
            return Status(service, "readyReplicas") == MaxReplicas && Status(service, "desiredReplicas") == MaxReplicas;
        },
        DescribeReplicas,
        news,
        cancellationToken);

    public Task WaitScaledInAsync(Action<string> news, CancellationToken cancellationToken) => WaitAsync(
        service => Status(service, "replicas") == 1 && Status(service, "readyReplicas") == 1 && Status(service, "desiredReplicas") == 1,
        DescribeReplicas,
        news,
        cancellationToken);

    /// <summary>The decisions in status and the scaling events; throws where either is missing, since both are promised.</summary>
    public async Task<IReadOnlyList<string>> ExplainScalingAsync(CancellationToken cancellationToken)
    {
        var service = await GetAsync(cancellationToken);
        var history = (service["status"]?["autoscaling"]?["history"] as JsonArray)?.OfType<JsonObject>().ToList() ?? [];
        var lines = history.Select(d => $"status: {d["from"]} -> {d["to"]}: {d["reason"]}: {d["message"]}").ToList();
        if (!history.Any(d => Number(d["to"]) > Number(d["from"])) || !history.Any(d => Number(d["to"]) < Number(d["from"])))
        {
            throw new DemoException($"status.autoscaling.history does not explain both directions: {service["status"]?["autoscaling"]?.ToJsonString()}");
        }

        var events = await client.ListAsync<Corev1Event>("default", null, cancellationToken);
        var scaling = events.Items.Where(e => e.InvolvedObject?.Kind == "InferenceService" && e.Reason is "ScaledUp" or "ScaledDown").ToList();
        if (!scaling.Any(e => e.Reason == "ScaledUp") || !scaling.Any(e => e.Reason == "ScaledDown"))
        {
            throw new DemoException("there are no ScaledUp and ScaledDown events of the InferenceService");
        }

        lines.AddRange(scaling.Select(e => $"event:  {e.Reason}: {e.Message}"));
        return lines;
    }

    private static IReadOnlyList<JsonObject> Read(string file, string text)
    {
        try
        {
            return KubernetesYaml.LoadAll(text);
        }
        catch (FormatException malformed)
        {
            throw new DemoException($"{file}: {malformed.Message}", malformed);
        }
    }

    private static string DescribeReplicas(JsonObject service) =>
        $"desired {Status(service, "desiredReplicas")}, ready {Status(service, "readyReplicas")} of {Status(service, "replicas")}; {service["status"]?["autoscaling"]?["lastDecision"]?["reason"]}".TrimEnd(' ', ';');

    private static long Number(JsonNode? node) => node is null ? 0 : long.Parse(node.ToJsonString(), CultureInfo.InvariantCulture);

    private static long Status(JsonObject service, string field) => Number(service["status"]?[field]);

    private static IEnumerable<JsonObject> Conditions(JsonObject service) => (service["status"]?["conditions"] as JsonArray)?.OfType<JsonObject>() ?? [];

    private static JsonObject? ConditionOf(JsonObject service, string type) => Conditions(service).FirstOrDefault(c => c["type"]?.GetValue<string>() == type);

    private async Task WaitEstablishedAsync(string name, CancellationToken cancellationToken)
    {
        while (true)
        {
            var definition = await client.SendAsync(HttpMethod.Get, $"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}", null, null, cancellationToken) as JsonObject;
            if (definition is not null && ConditionOf(definition, "Established")?["status"]?.GetValue<string>() == "True" && await IsDiscoveredAsync(definition, cancellationToken))
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), timeProvider, cancellationToken);
        }
    }

    /// <summary>An API server may say Established a moment before discovery lists the resource.</summary>
    private async Task<bool> IsDiscoveredAsync(JsonObject definition, CancellationToken cancellationToken)
    {
        var spec = definition["spec"]!;
        try
        {
            var resources = await client.SendAsync(HttpMethod.Get, $"/apis/{spec["group"]}/{spec["versions"]![0]!["name"]}", null, null, cancellationToken);
            return resources?["resources"]?.AsArray().Any(r => r!["name"]!.GetValue<string>() == spec["names"]!["plural"]!.GetValue<string>()) == true;
        }
        catch (KubernetesException notYet) when (notYet.IsNotFound)
        {
            return false;
        }
    }

    private async Task WaitAsync(Func<JsonObject, bool> holds, Func<JsonObject, string> describe, Action<string> news, CancellationToken cancellationToken)
    {
        while (true)
        {
            var service = await GetAsync(cancellationToken);
            news(describe(service));
            if (holds(service))
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(250), timeProvider, cancellationToken);
        }
    }

    private async Task<JsonObject> GetAsync(CancellationToken cancellationToken) =>
        await client.SendAsync(HttpMethod.Get, ServicePath, null, null, cancellationToken) as JsonObject ?? throw new DemoException($"{ServicePath} gave no object");
}
