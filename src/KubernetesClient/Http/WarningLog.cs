using Microsoft.Extensions.Logging;

namespace Octavo.KubernetesClient.Http;

/// <summary>Warnings of the server (unknown fields, deprecated versions), each text once: a controller would repeat them with every write.</summary>
internal sealed class WarningLog(ILogger logger)
{
    private const int Limit = 256;

    private readonly Lock gate = new();
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);

    public void Log(ApiRequest request, HttpResponseMessage response)
    {
        if (!response.Headers.NonValidated.TryGetValues("Warning", out var values))
        {
            return;
        }

        foreach (var value in values)
        {
            var text = Text(value);
            bool isNew;
            lock (gate)
            {
                isNew = seen.Count < Limit && seen.Add(text);
            }

            if (isNew)
            {
                var path = request.PathAndQuery.Split('?')[0];
                RequestLog.Warning(logger, request.Method, path, text);
            }
        }
    }

    /// <summary>The quoted text of <c>299 - "text"</c>.</summary>
    internal static string Text(string value)
    {
        var first = value.IndexOf('"');
        var last = value.LastIndexOf('"');
        return first >= 0 && last > first
            ? value[(first + 1)..last].Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal)
            : value;
    }
}
