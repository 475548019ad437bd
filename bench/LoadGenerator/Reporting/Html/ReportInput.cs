using System.Text.Json;

namespace Octavo.LoadGenerator.Reporting.Html;

/// <summary>One result file.</summary>
internal sealed record ReportInput(string Name, ReportInput.Source Kind, JsonElement Root)
{
    internal enum Source
    {
        Run,
        Sweep,
        Engine,
        Peers,
    }

    /// <summary>The label in the file, else the file's name.</summary>
    public string Label => Root.TryGetProperty("label", out var label) && label.ValueKind == JsonValueKind.String ? label.GetString()! : Name;

    /// <exception cref="JsonException">No JSON.</exception>
    /// <exception cref="InvalidDataException">JSON of something else.</exception>
    public static ReportInput Parse(string name, string json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement.Clone();
        var kind = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("kind", out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        return kind switch
        {
            "octavo-bench-serve" => new ReportInput(name, Source.Run, root),
            "octavo-bench-sweep" => new ReportInput(name, Source.Sweep, root),
            "octavo-engine-bench" => new ReportInput(name, Source.Engine, root),
            "octavo-bench-peers" => new ReportInput(name, Source.Peers, root),
            _ => throw new InvalidDataException("no result of serve, sweep, peers or octavo-engine-bench"),
        };
    }

    /// <summary>A number of the file, or of an object in it; zero where there is none.</summary>
    public static double Number(JsonElement element, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
            {
                return 0;
            }
        }

        return element.ValueKind == JsonValueKind.Number ? element.GetDouble() : 0;
    }

    /// <summary>A list of numbers; empty where there is none.</summary>
    public static IReadOnlyList<double> Numbers(JsonElement element, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
            {
                return [];
            }
        }

        return element.ValueKind == JsonValueKind.Array ? [.. element.EnumerateArray().Select(e => e.GetDouble())] : [];
    }
}
