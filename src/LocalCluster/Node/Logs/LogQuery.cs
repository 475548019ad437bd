using System.Globalization;

namespace Octavo.LocalCluster.Node.Logs;

/// <summary>What <c>kubectl logs</c> can ask for.</summary>
internal sealed record LogQuery
{
    public bool Follow { get; init; }
    public bool Previous { get; init; }
    public bool Timestamps { get; init; }
    public int? TailLines { get; init; }
    public long? LimitBytes { get; init; }

    /// <summary>Only lines at or after this moment.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Reads the kubelet's query parameters; false with the parameter's name where a value is malformed.</summary>
    public static bool TryParse(Func<string, string?> parameter, DateTimeOffset now, out LogQuery query, out string? error)
    {
        query = new LogQuery();
        error = null;
        if (!TryNumber("tailLines", out var tail) || !TryNumber("limitBytes", out var limit) || !TryNumber("sinceSeconds", out var sinceSeconds))
        {
            error = $"invalid log query: {new[] { "tailLines", "limitBytes", "sinceSeconds" }.First(n => !TryNumber(n, out _))} must be a non-negative number";
            return false;
        }

        DateTimeOffset? since = sinceSeconds is { } seconds ? now - TimeSpan.FromSeconds(seconds) : null;
        if (parameter("sinceTime") is { Length: > 0 } text)
        {
            if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
            {
                error = "invalid log query: sinceTime must be an RFC 3339 time";
                return false;
            }

            since = at;
        }

        query = new LogQuery
        {
            Follow = Flag("follow"),
            Previous = Flag("previous"),
            Timestamps = Flag("timestamps"),
            TailLines = tail is { } lines ? (int)Math.Min(lines, int.MaxValue) : null,
            LimitBytes = limit,
            Since = since,
        };
        return true;

        bool Flag(string name) => parameter(name) is "true" or "1";

        bool TryNumber(string name, out long? value)
        {
            value = null;
            if (parameter(name) is not { Length: > 0 } written)
            {
                return true;
            }

            if (!long.TryParse(written, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            value = number;
            return true;
        }
    }
}
