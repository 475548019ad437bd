using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Octavo.KubernetesClient.Http;
using Octavo.KubernetesClient.Models;
using Octavo.KubernetesClient.Tests.Server;

namespace Octavo.KubernetesClient.Tests.Http;

public sealed class RestClientMetricsTests : IDisposable
{
    private readonly Meter meter = new(RestClientMetrics.MeterName);
    private readonly MeterListener listener = new();
    private readonly ConcurrentQueue<string> told = new();

    public RestClientMetricsTests()
    {
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (ReferenceEquals(instrument.Meter, meter))
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, tags));
        listener.Start();
    }

    public void Dispose()
    {
        listener.Dispose();
        meter.Dispose();
    }

    [Fact]
    public async Task Requests_AnsweredWellAndBadlyAndAgain_AreCountedByCodeAndMethod()
    {
        await using var server = await TestApiServer.StartAsync(Answers.Sequence(Answers.RetryAfter(429, "0"), Answers.Json(Answers.Pod), Answers.Status(404, "NotFound", "no")));
        using var client = new HttpKubernetesClient(server.Configuration, TimeProvider.System, metrics: new RestClientMetrics(meter));

        await client.GetAsync<V1Pod>("p", "n", default);
        await client.FindAsync<V1Pod>("q", "n", default);

        var host = server.Uri.Authority;
        told.Should().Equal(
            $"rest_client_requests_total code=429 method=GET host={host}", $"rest_client_request_duration_seconds verb=GET host={host}",
            $"rest_client_request_retries_total code=429 verb=GET host={host}",
            $"rest_client_requests_total code=200 method=GET host={host}", $"rest_client_request_duration_seconds verb=GET host={host}",
            $"rest_client_requests_total code=404 method=GET host={host}", $"rest_client_request_duration_seconds verb=GET host={host}");
    }

    [Fact]
    public async Task Requests_WithoutAnAnswer_HaveTheCodeError()
    {
        KubernetesClientConfiguration nowhere;
        await using (var server = await TestApiServer.StartAsync(Answers.Json("{}")))
        {
            nowhere = server.Configuration;
        }

        using var client = new HttpKubernetesClient(nowhere, TimeProvider.System, metrics: new RestClientMetrics(meter));

        await client.Invoking(c => c.GetAsync<V1Pod>("p", "n", default)).Should().ThrowAsync<HttpRequestException>();

        told.First().Should().Be($"rest_client_requests_total code=<error> method=GET host={nowhere.Host.Authority}");
    }

    private void Note(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        told.Enqueue($"{instrument.Name} {string.Join(' ', tags.ToArray().Select(t => $"{t.Key}={t.Value}"))}");
}
