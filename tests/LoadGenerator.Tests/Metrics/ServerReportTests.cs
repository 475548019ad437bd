using Octavo.LoadGenerator.Metrics;

namespace Octavo.LoadGenerator.Tests.Metrics;

public sealed class ServerReportTests
{
    private const string Before = """
        # HELP vllm:prefix_cache_hits_total hits
        # TYPE vllm:prefix_cache_hits_total counter
        vllm:prefix_cache_queries_total{engine="0",model_name="a } b"} 100
        vllm:prefix_cache_hits_total{engine="0",model_name="a } b"} 40
        process_cpu_seconds_total 1.5
        """;

    private const string After = """
        vllm:prefix_cache_queries_total{engine="0",model_name="a } b"} 300 1700000000
        vllm:prefix_cache_hits_total{engine="0",model_name="a } b"} 190
        vllm:request_queue_time_seconds_sum{engine="0"} 3
        vllm:request_queue_time_seconds_count{engine="0"} 2
        vllm:num_requests_running{replica="a"} 2
        vllm:num_requests_running{replica="b"} 3
        process_cpu_seconds_total 2.25
        """;

    [Fact]
    public void Between_TwoExpositions_HasTheDifferences()
    {
        var report = ServerReport.Between(Exposition.Parse(Before), Exposition.Parse(After), [new ServerSample(1, 2, 0, 0.25), new ServerSample(2, 2, 0, 0.125)]);

        report.PrefixCacheHitRate.Should().Be(0.75);
        report.MeanQueueSeconds.Should().Be(1.5);
        report.CpuSeconds.Should().Be(0.75);
        report.Preemptions.Should().BeNull("the server does not tell");
        report.PeakKVCacheUsage.Should().Be(0.25);
    }

    [Fact]
    public void Parse_SeveralLabelSets_AreSummed()
    {
        Exposition.Parse(After).Sum("vllm:num_requests_running").Should().Be(5);
        Exposition.Parse(After).Max("vllm:num_requests_running").Should().Be(3);
        Exposition.Parse("garbage\n\nx\n{} 1\nname\nname x").Sum("name").Should().BeNull();
    }
}
