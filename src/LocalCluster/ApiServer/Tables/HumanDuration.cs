using System.Globalization;
using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Tables;

/// <summary>Ages as kubectl prints them: two units at most, coarser the longer it is.</summary>
internal static class HumanDuration
{
    public const string Unknown = "<unknown>";

    /// <summary>The time since an RFC 3339 timestamp.</summary>
    public static string Since(JsonNode? timestamp, DateTimeOffset now) =>
        Parse(timestamp) is { } time ? Format(now - time) : Unknown;

    public static DateTimeOffset? Parse(JsonNode? timestamp) =>
        DateTimeOffset.TryParse(timestamp?.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    public static string Format(TimeSpan duration)
    {
        var seconds = (long)duration.TotalSeconds;
        if (seconds < -1)
        {
            return "<invalid>";
        }

        if (seconds < 0)
        {
            return "0s";
        }

        if (seconds < 120)
        {
            return $"{seconds}s";
        }

        var minutes = seconds / 60;
        if (minutes < 10)
        {
            return Two(minutes, "m", seconds % 60, "s");
        }

        if (minutes < 180)
        {
            return $"{minutes}m";
        }

        var hours = minutes / 60;
        if (hours < 8)
        {
            return Two(hours, "h", minutes % 60, "m");
        }

        if (hours < 48)
        {
            return $"{hours}h";
        }

        if (hours < 24 * 8)
        {
            return Two(hours / 24, "d", hours % 24, "h");
        }

        var days = hours / 24;
        if (days < 365 * 2)
        {
            return $"{days}d";
        }

        return days < 365 * 8 ? Two(days / 365, "y", days % 365, "d") : $"{days / 365}y";
    }

    private static string Two(long major, string majorUnit, long minor, string minorUnit) =>
        minor == 0 ? $"{major}{majorUnit}" : $"{major}{majorUnit}{minor}{minorUnit}";
}
