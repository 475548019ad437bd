namespace Octavo.LocalCluster.ApiServer.Cel;

/// <summary>The parts of timestamps and durations.</summary>
internal static class CelTimeFunctions
{
    public static bool TryInvoke(bool method, string name, object?[] values, out object? result)
    {
        result = !method ? null : values switch
        {
            [TimeSpan duration] => OfDuration(name, duration),
            [DateTimeOffset time] => OfTime(name, time.ToUniversalTime()),
            [DateTimeOffset time, string zone] => OfTime(name, InZone(time, zone)),
            _ => null,
        };
        return result is not null;
    }

    private static object? OfDuration(string name, TimeSpan duration) => name switch
    {
        "getHours" => (long)duration.TotalHours,
        "getMinutes" => (long)duration.TotalMinutes,
        "getSeconds" => (long)duration.TotalSeconds,
        "getMilliseconds" => (long)duration.TotalMilliseconds,
        _ => null,
    };

    private static object? OfTime(string name, DateTimeOffset time) => name switch
    {
        "getFullYear" => (long)time.Year,
        "getMonth" => (long)(time.Month - 1),
        "getDate" => (long)time.Day,
        "getDayOfMonth" => (long)(time.Day - 1),
        "getDayOfYear" => (long)(time.DayOfYear - 1),
        "getDayOfWeek" => (long)time.DayOfWeek,
        "getHours" => (long)time.Hour,
        "getMinutes" => (long)time.Minute,
        "getSeconds" => (long)time.Second,
        "getMilliseconds" => (long)time.Millisecond,
        _ => null,
    };

    private static DateTimeOffset InZone(DateTimeOffset time, string zone)
    {
        if (TimeSpan.TryParse(zone.TrimStart('+', '-'), System.Globalization.CultureInfo.InvariantCulture, out var offset) && zone.Contains(':', StringComparison.Ordinal))
        {
            return time.ToOffset(zone.StartsWith('-') ? -offset : offset);
        }

        return TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var info) ? TimeZoneInfo.ConvertTime(time, info) : throw new CelException($"unknown time zone {zone}");
    }
}
