using System.Globalization;
using System.IO.Compression;
using System.Text.Json;

namespace Octavo.LoadGenerator.Workload;

/// <summary>
/// Reads public traces, plain or gzip: Mooncake (JSON lines, milliseconds, hash_ids), Bailian (the same with chat_id, seconds), and CSV with a header that names time, input
/// and output tokens (Azure 2023 and 2024, BurstGPT, or t_s,input_tokens,output_tokens). Rows without output are left out.
/// </summary>
internal static class TraceReader
{
    private static readonly string[] TimeNames = ["t_s", "timestamp"];
    private static readonly string[] InputNames = ["input_tokens", "contexttokens", "request tokens"];
    private static readonly string[] OutputNames = ["output_tokens", "generatedtokens", "response tokens"];

    /// <exception cref="InvalidDataException">A line is not what the format says, or there is no usable row.</exception>
    public static IReadOnlyList<TraceRow> Read(string path)
    {
        using var file = File.OpenRead(path);
        using var reader = new StreamReader(path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file);
        return Read(reader);
    }

    internal static IReadOnlyList<TraceRow> Read(TextReader reader)
    {
        var rows = new List<TraceRow>();
        Func<string, TraceRow?>? parse = null;
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            if (parse is null)
            {
                parse = line.StartsWith('{') ? ParseJson : CsvParser(line);
                if (!line.StartsWith('{'))
                {
                    continue;
                }
            }

            try
            {
                if (parse(line) is { OutputTokens: > 0, InputTokens: > 0 } row)
                {
                    rows.Add(row);
                }
            }
            catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException or InvalidOperationException or ArgumentOutOfRangeException)
            {
                throw new InvalidDataException($"line {number} of the trace: {e.Message}", e);
            }
        }

        if (rows.Count == 0)
        {
            throw new InvalidDataException("the trace has no request");
        }

        var first = rows.Min(r => r.Seconds);
        return [.. rows.Select(r => r with { Seconds = r.Seconds - first }).OrderBy(r => r.Seconds)];
    }

    private static TraceRow ParseJson(string line)
    {
        using var document = JsonDocument.Parse(line);
        var row = document.RootElement;
        var seconds = row.GetProperty("timestamp").GetDouble() / (row.TryGetProperty("chat_id", out _) ? 1 : 1000);
        var blocks = row.TryGetProperty("hash_ids", out var ids) && ids.ValueKind == JsonValueKind.Array ? ids.EnumerateArray().Select(id => id.GetInt32()).ToArray() : null;
        return new TraceRow(seconds, row.GetProperty("input_length").GetInt32(), row.GetProperty("output_length").GetInt32(), blocks);
    }

    private static Func<string, TraceRow?> CsvParser(string header)
    {
        var names = header.Split(',').Select(n => n.Trim().ToLowerInvariant()).ToList();
        var (time, input, output) = (Column(TimeNames), Column(InputNames), Column(OutputNames));
        return line =>
        {
            var fields = line.Split(',');
            return new TraceRow(Seconds(fields[time]), Tokens(fields[input]), Tokens(fields[output]));
        };

        int Column(string[] known) => names.FindIndex(known.Contains) is >= 0 and var at
            ? at
            : throw new InvalidDataException($"the trace's header '{header}' has no column {string.Join(" or ", known)}");

        static int Tokens(string field) => (int)double.Parse(field, NumberStyles.Float, CultureInfo.InvariantCulture);

        static double Seconds(string field) => double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            ? seconds
            : DateTimeOffset.Parse(field, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).UtcTicks / (double)TimeSpan.TicksPerSecond;
    }
}
