using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Octavo.Installation.Tests.Manifests;
using Octavo.KubernetesClient;
using Octavo.Operator.CustomResources;
using Octavo.TestSupport;

namespace Octavo.Installation.Tests.Monitoring;

/// <summary>An alert over a name that nobody exports never fires, so rules and dashboard are held to what the code exports.</summary>
public sealed partial class MonitoringTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "config", "monitoring");

    [Fact]
    public void Rules_NamesAndLabels_AreExported()
    {
        var series = MetricInventory.Series();
        foreach (var rule in Groups().SelectMany(g => g!["rules"]!.AsArray()).Select(r => r!.AsObject()))
        {
            var annotations = string.Join(' ', rule["annotations"]!.AsObject().Select(a => a.Value));
            var shown = LabelShown().Matches(annotations).Select(m => m.Groups[1].Value).ToList();

            CheckQuery(rule["alert"]!.GetValue<string>(), rule["expr"]!.GetValue<string>(), shown, series);
            rule["labels"]!["severity"]!.GetValue<string>().Should().BeOneOf("critical", "warning");
            rule["annotations"]!.AsObject().Select(a => a.Key).Should().BeEquivalentTo("summary", "description");
        }
    }

    [Fact]
    public void Dashboard_NamesAndLabels_AreExported()
    {
        var series = MetricInventory.Series();
        var panels = Dashboard()["panels"]!.AsArray().Select(p => p!.AsObject()).Where(p => p["type"]!.GetValue<string>() != "row").ToList();

        panels.Should().HaveCountGreaterThan(15);
        foreach (var (panel, target) in panels.SelectMany(p => p["targets"]!.AsArray().Select(t => (p, t!))))
        {
            var shown = Legend().Matches(target["legendFormat"]!.GetValue<string>()).Select(m => m.Groups[1].Value).ToList();

            CheckQuery(panel["title"]!.GetValue<string>(), target["expr"]!.GetValue<string>(), shown, series);
        }
    }

    [Fact]
    public void Dashboard_Panels_HaveIdsOfTheirOwnAndDoNotOverlap()
    {
        var panels = Dashboard()["panels"]!.AsArray().Select(p => p!).ToList();

        panels.Select(p => p["id"]!.GetValue<int>()).Should().OnlyHaveUniqueItems();
        panels.SelectMany(p => Cells(p["gridPos"]!)).Should().OnlyHaveUniqueItems();

        static IEnumerable<(int X, int Y)> Cells(JsonNode at) =>
            from x in Enumerable.Range(at["x"]!.GetValue<int>(), at["w"]!.GetValue<int>())
            from y in Enumerable.Range(at["y"]!.GetValue<int>(), at["h"]!.GetValue<int>())
            select (x, y);
    }

    [SkippableFact]
    public async Task Rules_ByPromtool_AreValidAndFireAsTheirTestsSay()
    {
        var promtool = ExternalTool.Require("promtool");
        var folder = Directory.CreateTempSubdirectory("octavo-rules-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "groups.yaml"), ManifestWriter.ToYaml(Rules()["spec"]!));
            File.Copy(Path.Combine(Folder, "tests.yaml"), Path.Combine(folder, "tests.yaml"));

            await ExternalTool.RunAsync(promtool, ["check", "rules", Path.Combine(folder, "groups.yaml")]);
            await ExternalTool.RunAsync(promtool, ["test", "rules", Path.Combine(folder, "tests.yaml")]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void PodMonitors_SelectPodsAndPortsThatThereAre()
    {
        var workloads = KubernetesYaml.LoadAll(File.ReadAllText(Path.Combine(Repository.Root, "config", "manager", "manager.yaml")))
            .Concat(KubernetesYaml.LoadAll(File.ReadAllText(Path.Combine(Repository.Root, "config", "gateway", "gateway.yaml"))))
            .Where(o => o["kind"]!.GetValue<string>() == "Deployment").ToDictionary(o => o["metadata"]!["name"]!.GetValue<string>(), StringComparer.Ordinal);
        foreach (var monitor in KubernetesYaml.LoadAll(File.ReadAllText(Path.Combine(Folder, "pod_monitors.yaml"))))
        {
            var endpoint = monitor["spec"]!["podMetricsEndpoints"]!.AsArray().Single()!;
            var labels = monitor["spec"]!["selector"]!["matchLabels"]!;
            endpoint["path"]!.GetValue<string>().Should().Be(ServingContract.ServingPaths.Metrics);
            if (!workloads.TryGetValue(monitor["metadata"]!["name"]!.GetValue<string>(), out var workload))
            {
                labels.ToJsonString().Should().Be($$"""{"{{ServingContract.ServingLabels.AppName}}":"octavo-serving"}""");
                endpoint["port"]!.GetValue<string>().Should().Be(ServingContract.ServingPorts.HttpName);
                continue;
            }

            var template = workload["spec"]!["template"]!;
            JsonNode.DeepEquals(template["metadata"]!["labels"], labels).Should().BeTrue();
            template["spec"]!["containers"]![0]!["ports"]!.AsArray().Select(p => p!["name"]!.GetValue<string>()).Should().Contain(endpoint["port"]!.GetValue<string>());
        }
    }

    [Theory]
    [InlineData("sum by (a) (rate(x_total{b=~\"c|d\"}[5m])) / 2 > 0.1", "x_total", "b a")]
    [InlineData("histogram_quantile(0.9, sum by (a, le) (rate(x:y_bucket[$__rate_interval]))) and on (p) z", "x:y_bucket z", "a le p")]
    public void Parse_Expressions_NamesTheirMetricsAndLabels(string expression, string metrics, string labels)
    {
        var query = PromQuery.Parse(expression);

        string.Join(' ', query.Metrics).Should().Be(metrics);
        string.Join(' ', query.Labels).Should().Be(labels);
    }

    private static void CheckQuery(string name, string expression, IEnumerable<string> shown, IReadOnlyDictionary<string, IReadOnlySet<string>> series)
    {
        var query = PromQuery.Parse(expression);

        query.Metrics.Should().NotBeEmpty(name);
        foreach (var metric in query.Metrics)
        {
            series.Should().ContainKey(metric, $"{name}: {expression}");
            query.Labels.Should().BeSubsetOf(series[metric], $"{name}: {expression}");
        }

        var kept = expression.Contains(" by ", StringComparison.Ordinal) ? query.Labels : query.Metrics.SelectMany(m => series[m]);
        shown.Should().BeSubsetOf(kept, $"{name} shows labels that its expression keeps");
    }

    private static JsonObject Rules() => KubernetesYaml.Load(File.ReadAllText(Path.Combine(Folder, "rules.yaml")));

    private static JsonArray Groups() => Rules()["spec"]!["groups"]!.AsArray();

    private static JsonObject Dashboard() => JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, "dashboard.json")))!.AsObject();

    [GeneratedRegex(@"\$labels\.([a-z_]+)", RegexOptions.None, 1000)]
    private static partial Regex LabelShown();

    [GeneratedRegex(@"\{\{([a-z_]+)\}\}", RegexOptions.None, 1000)]
    private static partial Regex Legend();
}
