namespace Octavo.ServingRuntime.Engine.StructuredOutput.Json;

/// <summary>
/// Formats as regular expressions. Each is within its specification, sometimes narrower: what is written always has the format. Names that draft 2020-12 does not
/// define are annotations, and passed over as it says.
/// </summary>
internal static class StringFormats
{
    private const string Days = "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))";
    private const string Date = "(?:[1-9]\\d{3}-" + Days + "|(?:[1-9]\\d(?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)-02-29)";
    private const string Time = "(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,6})?(?:Z|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)";
    private const string Octet = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
    private const string IPv4 = Octet + "(?:\\." + Octet + "){3}";
    private const string Hex4 = "[0-9A-Fa-f]{1,4}";

    // At most 61 characters, and four of them 247: within every limit, and decided letter by letter.
    private const string Label = "[A-Za-z][A-Za-z0-9]{0,29}(?:-[A-Za-z0-9]{1,30})?";
    private const string Host = Label + "(?:\\." + Label + "){0,3}";
    private const string PathCharacter = "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})";
    private const string Path = "(?:/" + PathCharacter + "*)*(?:\\?(?:" + PathCharacter + "|[/?])*)?(?:#(?:" + PathCharacter + "|[/?])*)?";
    private const string Uri = "[A-Za-z][A-Za-z0-9+.-]{0,15}://" + Host + "(?::[1-9]\\d{0,3})?" + Path;
    private const string DurationTime = "T(?:\\d{1,9}H(?:\\d{1,9}M(?:\\d{1,9}S)?)?|\\d{1,9}M(?:\\d{1,9}S)?|\\d{1,9}S)";
    private const string DurationDate = "(?:\\d{1,9}Y(?:\\d{1,9}M(?:\\d{1,9}D)?)?|\\d{1,9}M(?:\\d{1,9}D)?|\\d{1,9}D)";

    /// <summary>Whether draft 2020-12 gives the name a meaning for strings.</summary>
    public static bool IsKnown(string format) => format is
        "date" or "time" or "date-time" or "duration" or "uuid" or "email" or "idn-email" or "hostname" or "idn-hostname" or "ipv4" or "ipv6" or "uri" or "uri-reference"
        or "iri" or "iri-reference" or "uri-template" or "json-pointer" or "relative-json-pointer" or "regex";

    /// <exception cref="GrammarException">The format is not supported.</exception>
    public static string PatternOf(string format, string where) => format switch
    {
        "date" => Date,
        "time" => Time,
        "date-time" => Date + "T" + Time,
        "duration" => "P(?:\\d{1,9}W|" + DurationDate + "(?:" + DurationTime + ")?|" + DurationTime + ")",
        "uuid" => "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
        "email" or "idn-email" => "[A-Za-z0-9_%+-]{1,30}(?:\\.[A-Za-z0-9_%+-]{1,30})?@" + Label + "(?:\\." + Label + "){1,3}",
        "hostname" or "idn-hostname" => Host,
        "ipv4" => IPv4,
        "ipv6" => "(?:" + string.Join('|', IPv6Forms()) + ")",
        "uri" or "iri" => Uri,
        "uri-reference" or "iri-reference" => "(?:" + Uri + "|" + Path + ")",
        "json-pointer" => "(?:/(?:[^~/]|~[01])*)*",
        _ => throw new GrammarException($"JSON schema: {where}: '{format}' is not supported"),
    };

    private static IEnumerable<string> IPv6Forms()
    {
        yield return $"(?:{Hex4}:){{7}}{Hex4}";
        for (var before = 0; before <= 6; before++)
        {
            var left = before == 0 ? "" : before == 1 ? Hex4 : $"{Hex4}(?::{Hex4}){{{before - 1}}}";
            var right = 6 - before;
            yield return right == 0 ? $"{left}::" : $"{left}::(?:{Hex4}(?::{Hex4}){{0,{right - 1}}})?";
        }
    }
}
