using System.Text;
using Octavo.ServingContract;

namespace Octavo.Operator.Scraping;

/// <summary>Asks a replica for its load over HTTP.</summary>
internal sealed class ServingMetricsScraper(HttpClient http, TimeProvider time, TimeSpan timeout)
{
    /// <summary>A page beyond this size is not read: a replica must not be able to fill the operator's memory.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>What the replica tells; null with the reason where it does not in time.</summary>
    public async Task<(ReplicaReading? Reading, string? Failure)> ScrapeAsync(Uri metrics, ReplicaMetricNames names, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            using var response = await http.GetAsync(metrics, HttpCompletionOption.ResponseHeadersRead, linked.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                return (null, $"HTTP {(int)response.StatusCode}");
            }

            var text = await ReadBoundedAsync(response.Content, linked.Token).ConfigureAwait(false);
            return text is null ? (null, $"more than {MaxBytes} bytes") : (ServingMetricsReader.Read(PrometheusTextParser.Parse(text), names), null);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return (null, $"no answer within {timeout.TotalSeconds:0.#} s");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or FormatException)
        {
            return (null, e.Message);
        }
    }

    /// <summary>Where a replica's metrics are; IPv6 addresses get their brackets.</summary>
    public static Uri MetricsUri(string podIP) => new UriBuilder(Uri.UriSchemeHttp, podIP, ServingPorts.Http, ServingPaths.Metrics).Uri;

    private static async Task<string?> ReadBoundedAsync(HttpContent content, CancellationToken cancellationToken)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var buffer = new MemoryStream();
        var chunk = new byte[16 * 1024];
        while (await stream.ReadAsync(chunk, cancellationToken).ConfigureAwait(false) is > 0 and var count)
        {
            if (buffer.Length + count > MaxBytes)
            {
                return null;
            }

            buffer.Write(chunk, 0, count);
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
