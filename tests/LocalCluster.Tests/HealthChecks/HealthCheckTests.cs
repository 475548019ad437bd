using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.LocalCluster.ApiServer.Cel;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.TestSupport;
using Octavo.TestSupport.Kubernetes;

namespace Octavo.LocalCluster.Tests.HealthChecks;

/// <summary>The health checks that config/ ships for Flux and Argo CD, run over the same statuses: all tools tell the same story.</summary>
public sealed class HealthCheckTests
{
    private static readonly string Config = Path.Combine(Repository.Root, "config");

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, HealthCase.All.Count)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void KStatus_OfEveryCase_IsAsExpected(int index) => StatusRules.KStatus(HealthCase.All[index].Service()).Should().Be(HealthCase.All[index].KStatus, HealthCase.All[index].Name);

    /// <summary>Flux takes objects that are being deleted out of the check itself.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Flux_Expressions_AtMostOneHoldsAndItIsKStatuss(int index)
    {
        var testCase = HealthCase.All[index];
        if (testCase.IsDeleted)
        {
            return;
        }

        var check = KubernetesYaml.LoadAll(File.ReadAllText(Path.Combine(Config, "flux", "health.yaml"))).Single()["spec"]!["healthCheckExprs"]!.AsArray().Single()!.AsObject();
        ((string?)check["apiVersion"], (string?)check["kind"]).Should().Be(("serving.octavo.dev/v1alpha1", "InferenceService"));
        var service = testCase.Service();
        var holding = new[] { ("inProgress", "InProgress"), ("failed", "Failed"), ("current", "Current") }.Where(e => Holds((string)check[e.Item1]!, service)).Select(e => e.Item2);

        holding.Should().Equal([testCase.KStatus], testCase.Name);
    }

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public async Task ArgoCD_Script_TellsTheHealth(int index)
    {
        var testCase = HealthCase.All[index];
        var script = $"local obj = {Lua(testCase.Service())}\nlocal function check()\n{await File.ReadAllTextAsync(Path.Combine(Config, "argocd", "health.lua"))}\nend\nlocal hs = check()\nio.write(hs.status, '|', hs.message)\n";

        var printed = await RunLuaAsync(script);

        printed.Should().StartWith(testCase.ArgoCD + "|", testCase.Name).And.NotEndWith("|", "people want to know why");
    }

    [Fact]
    public async Task ArgoCD_Patch_HoldsTheScript()
    {
        var patch = KubernetesYaml.LoadAll(await File.ReadAllTextAsync(Path.Combine(Config, "argocd", "health.yaml"))).Single();

        ((string?)patch["data"]!["resource.customizations.health.serving.octavo.dev_InferenceService"]).Should().Be(await File.ReadAllTextAsync(Path.Combine(Config, "argocd", "health.lua")));
    }

    /// <summary>As Flux: the object's own members are the variables.</summary>
    private static bool Holds(string expression, JsonObject service)
    {
        var evaluator = new CelEvaluator(100_000);
        foreach (var (name, value) in service)
        {
            evaluator.Set(name, value is JsonObject member ? CelValues.From(member, ResourceSchema.Any) : (string?)value);
        }

        return evaluator.Evaluate(CelParser.Parse(expression)) is true;
    }

    private static async Task<string> RunLuaAsync(string script)
    {
        var program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append(Path.Combine(Repository.Root, ".tools", "usr", "bin"))
            .SelectMany(folder => new[] { "luajit", "lua5.1", "lua5.4", "lua" }.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        Skip.If(program is null, "no lua is installed (.ci/tools fetches one)");
        using var process = Process.Start(new ProcessStartInfo(program!, ["-"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        await process.StandardInput.WriteAsync(script);
        process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1), TimeProvider.System);
        var output = await process.StandardOutput.ReadToEndAsync(patience.Token);
        var error = await process.StandardError.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);
        process.ExitCode.Should().Be(0, error);
        return output;
    }

    private static string Lua(JsonNode? node) => node switch
    {
        null => "nil",
        JsonObject members => "{" + string.Join(',', members.Select(m => $"[{Lua(JsonValue.Create(m.Key))}]={Lua(m.Value)}")) + "}",
        JsonArray items => "{" + string.Join(',', items.Select(Lua)) + "}",
        _ => node.GetValueKind() == JsonValueKind.String ? Quoted(node.GetValue<string>()) : node.ToJsonString(),
    };

    private static string Quoted(string text) => new StringBuilder("\"").Append(text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('"').ToString();
}
