using System.Diagnostics;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Tests.Hosting;

namespace Octavo.ServingRuntime.Tests.Metrics;

public sealed class MetricsEndpointTests
{
    [Fact]
    public async Task Get_AfterARequest_HasEveryContractName()
    {
        await using var server = await TestApplication.StartAsync("one two");
        await server.PostForJsonAsync("/v1/completions", """{"prompt": [4, 5, 6]}""");

        var text = await server.Client.GetStringAsync(ServingPaths.Metrics);

        // What is told only where there is such a thing: WarmUpTests and DeviceServingTests have it.
        string[] elsewhere =
        [
            ServingMetricNames.WarmUp, ServingMetricNames.DeviceLost, ServingMetricNames.ExternalPrefixCacheQueries, ServingMetricNames.ExternalPrefixCacheHits, ServingMetricNames.KVOffloadStoreBytes,
            ServingMetricNames.KVOffloadLoadBytes, ServingMetricNames.KVOffloadUsage,
        ];
        foreach (var field in typeof(ServingMetricNames).GetFields().Where(f => !elsewhere.Contains(f.GetRawConstantValue())))
        {
            text.Should().Contain($"# TYPE {field.GetRawConstantValue()} ");
        }

        text.Should().Contain("vllm:prompt_tokens_total{engine=\"0\",model_name=\"octavo-tiny\"} 3\n");
        text.Should().Contain("vllm:request_success_total{engine=\"0\",finished_reason=\"stop\",model_name=\"octavo-tiny\"} 1\n");
        text.Should().Contain("vllm:time_to_first_token_seconds_count{engine=\"0\",model_name=\"octavo-tiny\"} 1\n");
        text.Should().Contain("vllm:time_to_first_token_seconds_bucket{engine=\"0\",model_name=\"octavo-tiny\",le=\"2560\"} 1\n");
    }

    [SkippableFact]
    public async Task Get_AfterARequest_PleasesPromtool()
    {
        var promtool = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(p => Path.Combine(p, "promtool")).FirstOrDefault(File.Exists);
        Skip.If(promtool is null, "promtool is not installed (Debian: prometheus)");
        await using var server = await TestApplication.StartAsync("one two");
        await server.PostForJsonAsync("/v1/completions", """{"prompt": "x"}""");
        var text = await server.Client.GetStringAsync(ServingPaths.Metrics);

        using var process = Process.Start(new ProcessStartInfo(promtool!, "check metrics") { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true })!;
        await process.StandardInput.WriteAsync(text);
        process.StandardInput.Close();
        var complaints = (await process.StandardError.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await process.WaitForExitAsync();

        // vLLM's names have colons, which the linter keeps for recording rules, and one histogram ends in _total: those names are the contract.
        complaints.Where(c => !c.StartsWith("vllm:", StringComparison.Ordinal)).Should().BeEmpty();
        process.ExitCode.Should().NotBe(1, string.Join('\n', complaints));
    }
}
