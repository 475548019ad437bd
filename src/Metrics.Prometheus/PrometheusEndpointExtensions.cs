using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace Octavo.Metrics.Prometheus;

public static class PrometheusEndpointExtensions
{
    /// <summary>
    /// Answers GET <paramref name="path"/> with the collected metrics, as OpenMetrics for scrapers that prefer it and as Prometheus text for all others.
    /// Listening begins here, so that nothing measured while the application runs is missed.
    /// </summary>
    public static IEndpointConventionBuilder MapPrometheusScrapingEndpoint(this IEndpointRouteBuilder endpoints, string path = "/metrics")
    {
        var collector = endpoints.ServiceProvider.GetRequiredService<MeterCollector>();
        return endpoints.MapGet(path, (HttpContext context) => collector.WriteAsync(context));
    }

    /// <summary>Answers one request with the collected metrics, for servers that do their own routing.</summary>
    public static async Task WriteAsync(this MeterCollector collector, HttpContext context)
    {
        var format = Negotiate(context.Request.Headers.Accept);
        var body = Encoding.UTF8.GetBytes(PrometheusTextWriter.Write(collector.Collect(), format));
        context.Response.ContentType = PrometheusTextWriter.ContentType(format);
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    /// <summary>OpenMetrics only where it is named (a wildcard does not ask for it), in version 1.0.0 or none, with a weight not below plain text's.</summary>
    internal static ExpositionFormat Negotiate(IList<string?> accept)
    {
        double openMetrics = 0, text = 0;
        if (MediaTypeHeaderValue.TryParseList([.. accept.OfType<string>()], out var values))
        {
            foreach (var value in values)
            {
                var quality = value.Quality ?? 1;
                if (value.MediaType.Equals("application/openmetrics-text", StringComparison.OrdinalIgnoreCase))
                {
                    var version = value.Parameters.FirstOrDefault(p => p.Name.Equals("version", StringComparison.OrdinalIgnoreCase))?.Value.Value?.Trim('"');
                    openMetrics = version is null or "1.0.0" ? Math.Max(openMetrics, quality) : openMetrics;
                }
                else if (value.MediaType.Equals("text/plain", StringComparison.OrdinalIgnoreCase))
                {
                    text = Math.Max(text, quality);
                }
            }
        }

        return openMetrics > 0 && openMetrics >= text ? ExpositionFormat.OpenMetrics : ExpositionFormat.PrometheusText;
    }
}
