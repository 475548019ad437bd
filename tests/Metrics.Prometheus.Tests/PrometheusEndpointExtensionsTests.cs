using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Octavo.Metrics.Prometheus.Tests;

public sealed class PrometheusEndpointExtensionsTests
{
    [Theory]
    [InlineData("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", ExpositionFormat.OpenMetrics)]
    [InlineData("text/plain;version=0.0.4", ExpositionFormat.PrometheusText)]
    [InlineData("application/openmetrics-text;version=0.0.1", ExpositionFormat.PrometheusText)]
    [InlineData("application/openmetrics-text;q=0.3,text/plain", ExpositionFormat.PrometheusText)]
    [InlineData("application/openmetrics-text;q=0", ExpositionFormat.PrometheusText)]
    [InlineData("*/*", ExpositionFormat.PrometheusText)]
    [InlineData(";;;", ExpositionFormat.PrometheusText)]
    public void Negotiate_AcceptHeader_PicksTheFormat(string accept, ExpositionFormat expected) =>
        PrometheusEndpointExtensions.Negotiate([accept]).Should().Be(expected);

    [SkippableFact]
    public async Task Scrape_RunningApplication_GivesItsMetersAndTheProcess()
    {
        await using var app = await StartAsync();
        app.Services.GetRequiredService<IMeterFactory>().Create("Test.Endpoint").CreateCounter<int>("scrape_test").Add(4);
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };

        using var response = await http.GetAsync("/metrics");
        var text = await response.Content.ReadAsStringAsync();

        response.Content.Headers.ContentType!.ToString().Should().Be("text/plain; version=0.0.4; charset=utf-8");
        text.Should().Contain("\nscrape_test_total 4\n").And.Contain("\nprocess_resident_memory_bytes ").And.Contain("\nprocess_cpu_seconds_total ")
            .And.Contain("\nprocess_start_time_seconds ").And.Contain("\ndotnet_gc_collections_total{generation=\"0\"} ");

        Skip.IfNot(Promtool.IsInstalled, "promtool is not installed (Debian package: prometheus)");
        var (exitCode, output) = await Promtool.CheckMetricsAsync(text);
        exitCode.Should().Be(0, output);
    }

    [Fact]
    public async Task Scrape_TwoApplicationsInOneProcess_DoNotMix()
    {
        await using var first = await StartAsync();
        await using var second = await StartAsync();
        first.Services.GetRequiredService<IMeterFactory>().Create("Test.Endpoint").CreateCounter<int>("mine").Add(1);
        using var http = new HttpClient();

        (await http.GetStringAsync(new Uri(first.Urls.Single() + "/metrics"))).Should().Contain("mine_total 1");
        (await http.GetStringAsync(new Uri(second.Urls.Single() + "/metrics"))).Should().NotContain("mine_total");
    }

    private static async Task<WebApplication> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddPrometheusMetrics("Test.Endpoint");
        var app = builder.Build();
        app.MapPrometheusScrapingEndpoint();
        await app.StartAsync();
        return app;
    }
}
