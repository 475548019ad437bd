using System.Globalization;
using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>strftime in the C locale, of a time without a zone, as Python's datetime.now() is.</summary>
internal static class TemplateClock
{
    public static string Format(DateTimeOffset now, string format)
    {
        var output = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                output.Append(format[i]);
                continue;
            }

            var padded = format[++i] != '-';
            if (!padded && i + 1 < format.Length)
            {
                i++;
            }

            var field = Field(now, format[i]);
            output.Append(padded ? field : field.TrimStart('0', ' ') is { Length: > 0 } trimmed ? trimmed : "0");
        }

        return output.ToString();
    }

    private static string Field(DateTimeOffset now, char field)
    {
        string Text(string format) => now.ToString(format, CultureInfo.InvariantCulture);
        string Number(int value, int digits = 2) => value.ToString(new string('0', digits), CultureInfo.InvariantCulture);
        var day = (int)now.DayOfWeek;
        var monday = (day + 6) % 7;
        return field switch
        {
            'd' => Text("dd"),
            'e' => now.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
            'm' => Text("MM"),
            'y' => Text("yy"),
            'Y' => Text("yyyy"),
            'C' => Number(now.Year / 100),
            'b' or 'h' => Text("MMM"),
            'B' => Text("MMMM"),
            'a' => Text("ddd"),
            'A' => Text("dddd"),
            'H' => Text("HH"),
            'I' => Text("hh"),
            'k' => now.Hour.ToString(CultureInfo.InvariantCulture).PadLeft(2),
            'l' => (((now.Hour + 11) % 12) + 1).ToString(CultureInfo.InvariantCulture).PadLeft(2),
            'M' => Text("mm"),
            'S' => Text("ss"),
            'f' => Text("ffffff"),
            'p' => Text("tt"),
            'P' => Text("tt").ToLowerInvariant(),
            'j' => Number(now.DayOfYear, 3),
            'u' => (monday + 1).ToString(CultureInfo.InvariantCulture),
            'w' => day.ToString(CultureInfo.InvariantCulture),
            'U' => Number((now.DayOfYear + 6 - day) / 7),
            'W' => Number((now.DayOfYear + 6 - monday) / 7),
            'V' => Number(ISOWeek.GetWeekOfYear(now.DateTime)),
            'G' => Number(ISOWeek.GetYear(now.DateTime), 4),
            'F' => Text("yyyy-MM-dd"),
            'T' or 'X' => Text("HH:mm:ss"),
            'R' => Text("HH:mm"),
            'r' => Text("hh:mm:ss tt"),
            'D' or 'x' => Text("MM/dd/yy"),
            'c' => Format(now, "%a %b %e %H:%M:%S %Y"),
            'Z' or 'z' => "",
            'n' => "\n",
            't' => "\t",
            '%' => "%",
            _ => throw TemplateValue.Error($"strftime_now does not know %{field}"),
        };
    }
}
