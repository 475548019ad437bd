using System.Net;
using Octavo.Operator.Scraping;
using Octavo.TestSupport;

namespace Octavo.Operator.Tests.Scraping;

public sealed class ServingMetricsScraperTests
{
    private const string Page = """
        vllm:num_requests_waiting{model_name="m"} 5
        vllm:num_requests_running{model_name="m"} 8
        vllm:kv_cache_usage_perc{model_name="m"} 0.25
        octavo_prefix_cache_hit_rate{model_name="m"} 0.5
        octavo_uncached_queued_prompt_tokens{model_name="m"} 640
        """;

    private readonly FakeTimeProvider time = new();

    [Fact]
    public async Task ScrapeAsync_RuntimeAnswers_ReadsTheLoad()
    {
        var (reading, failure) = await Scrape(_ => Text(Page));

        failure.Should().BeNull();
        reading.Should().Be(new ReplicaReading(5, 8, 0.25) { CacheHitRate = 0.5, UncachedQueuedTokens = 640 });
    }

    [Fact]
    public async Task ScrapeAsync_NeededMetricMissing_IsUnknownAndNotZero()
    {
        var (load, failure) = await Scrape(_ => Text("vllm:num_requests_running 0\nvllm:kv_cache_usage_perc 0"));

        load.Should().BeNull();
        failure.Should().Be("vllm:num_requests_waiting is missing");
    }

    [Fact]
    public async Task ScrapeAsync_NotANumber_IsUnknown() => (await Scrape(_ => Text(Page.Replace("} 5", "} NaN", StringComparison.Ordinal)))).Reading.Should().BeNull();

    [Fact]
    public async Task ScrapeAsync_ServerError_SaysSo() =>
        (await Scrape(_ => Task.FromResult(new HttpResponseMessage(HttpStatusCode.ServiceUnavailable)))).Failure.Should().Be("HTTP 503");

    [Fact]
    public async Task ScrapeAsync_EndlessPage_IsCutOff()
    {
        var (load, failure) = await Scrape(_ => Text(new string('#', ServingMetricsScraper.MaxBytes + 1)));

        load.Should().BeNull();
        failure.Should().Contain("bytes");
    }

    [Fact]
    public async Task ScrapeAsync_Refused_SaysSo() =>
        (await Scrape(_ => throw new HttpRequestException("refused"))).Failure.Should().Be("refused");

    [Fact]
    public async Task ScrapeAsync_Silent_GivesUpAfterTheTimeout()
    {
        var scrape = Scrape(async cancellationToken =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            throw new InvalidOperationException();
        });
        time.Advance(TimeSpan.FromSeconds(2));

        (await scrape).Failure.Should().Be("no answer within 2 s");
    }

    [Fact]
    public async Task ScrapeAsync_Stopped_Throws()
    {
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        var scraper = new ServingMetricsScraper(new HttpClient(new Handler(ct => Task.FromCanceled<HttpResponseMessage>(ct))), time, TimeSpan.FromSeconds(2));

        await FluentActions.Awaiting(() => scraper.ScrapeAsync(new Uri("http://127.0.0.1:1/metrics"), ReplicaMetricNames.Octavo, stop.Token)).Should().ThrowAsync<OperationCanceledException>();
    }

    [Theory]
    [InlineData("127.1.0.4", "http://127.1.0.4:8000/metrics")]
    [InlineData("fd00::1", "http://[fd00::1]:8000/metrics")]
    public void MetricsUri_Address_IsAUri(string address, string expected) => ServingMetricsScraper.MetricsUri(address).AbsoluteUri.Should().Be(expected);

    private Task<(ReplicaReading? Reading, string? Failure)> Scrape(Func<CancellationToken, Task<HttpResponseMessage>> answer) =>
        new ServingMetricsScraper(new HttpClient(new Handler(answer)), time, TimeSpan.FromSeconds(2)).ScrapeAsync(new Uri("http://127.0.0.1:1/metrics"), ReplicaMetricNames.Octavo, CancellationToken.None);

    private static Task<HttpResponseMessage> Text(string text) => Task.FromResult(new HttpResponseMessage { Content = new StringContent(text) });

    private sealed class Handler(Func<CancellationToken, Task<HttpResponseMessage>> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => answer(cancellationToken);
    }
}
