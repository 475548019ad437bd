using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Octavo.LocalCluster.ApiServer.Metrics;

/// <summary>
/// <c>apiserver_request_total</c>: how often which resource was read or written, and how that was answered. Under the real server's name and
/// labels, so that "who writes all the time" is asked here as there. One for each server, unlike an instrument of the process. Thread-safe.
/// </summary>
internal sealed class RequestCounter
{
    private const string Name = "apiserver_request_total";
    private readonly ConcurrentDictionary<RequestLabels, long> _counts = new();

    /// <param name="labels">Of a resource that exists: texts that callers make up would make as many series.</param>
    public void Count(RequestLabels labels) => _counts.AddOrUpdate(labels, 1, static (_, count) => count + 1);

    /// <summary>All series in Prometheus' text format 0.0.4, in the order of their labels.</summary>
    public string Render()
    {
        var text = new StringBuilder();
        text.Append("# HELP ").Append(Name).Append(" Requests for resources, counted when they end. Code 0: the client left before an answer.\n");
        text.Append("# TYPE ").Append(Name).Append(" counter\n");
        foreach (var line in _counts.Select(c => $"{Name}{c.Key.Render()} {c.Value.ToString(CultureInfo.InvariantCulture)}\n").Order(StringComparer.Ordinal))
        {
            text.Append(line);
        }

        return text.ToString();
    }
}
