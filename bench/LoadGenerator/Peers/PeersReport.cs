using System.Globalization;
using System.Text.Json.Nodes;

namespace Octavo.LoadGenerator.Peers;

/// <summary>Medians and ratios, for people and for scripts.</summary>
internal sealed record PeersReport(PeersOptions Options, Machine Machine, IReadOnlyDictionary<string, string> Versions, IReadOnlyList<PeerResult> Results)
{
    public static IReadOnlyList<string> Columns { get; } = ["work", "measure", "octavo", "against", "theirs", "ratio", "target", "rounds"];

    /// <summary>One row for each measure and other side.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Rows()
    {
        var rows = new List<IReadOnlyList<string>>();
        foreach (var result in Results)
        {
            foreach (var measure in result.Work.Measures)
            {
                var own = result.Median(PeerResult.Octavo, measure.Key);
                var others = result.Work.Sides.Where(s => s.Name != PeerResult.Octavo && result.Median(s.Name, measure.Key) is not null).ToArray();
                if (others.Length == 0 && own is not null)
                {
                    rows.Add([result.Work.Title, measure.Unit, Number(own), "", "", "", "", Rounds(result, measure, PeerResult.Octavo)]);
                }

                foreach (var side in others)
                {
                    var target = measure.Targets.TryGetValue(side.Name, out var least) ? string.Create(CultureInfo.InvariantCulture, $"≥ {least:0.0}") : "";
                    rows.Add([result.Work.Title, measure.Unit, Number(own), side.Name, Number(result.Median(side.Name, measure.Key)), Number(result.Ratio(side.Name, measure)), target, Rounds(result, measure, side.Name)]);
                }
            }
        }

        return rows;
    }

    public async Task WriteTableAsync(TextWriter output)
    {
        await output.WriteLineAsync();
        await output.WriteLineAsync($"{Machine.Processor}, {Machine.Cores} cores, {Options.Threads} threads on each side, load {Machine.Load}");
        await output.WriteLineAsync(Machine.Flags);
        await output.WriteLineAsync($"random {Options.Shape}; {string.Join("; ", Versions.Select(v => $"{v.Key} {v.Value}"))}");
        await output.WriteLineAsync();
        var rows = Rows();
        var widths = Columns.Select((c, i) => rows.Select(r => r[i].Length).Append(c.Length).Max()).ToArray();
        foreach (var row in rows.Prepend(Columns))
        {
            await output.WriteLineAsync(string.Join("  ", row.Select((cell, i) => i is 0 or 1 or 3 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]))).TrimEnd());
        }

        await output.WriteLineAsync("medians; a ratio says how many times as good Octavo is");
    }

    public JsonObject ToJson() => new()
    {
        ["kind"] = "octavo-bench-peers",
        ["schema_version"] = 1,
        ["shape"] = Options.Shape,
        ["threads"] = Options.Threads,
        ["quick"] = Options.Quick,
        ["machine"] = new JsonObject { ["cpu"] = Machine.Processor, ["cores"] = Machine.Cores, ["flags"] = Machine.Flags, ["load"] = Machine.Load },
        ["versions"] = new JsonObject(Versions.Select(v => KeyValuePair.Create(v.Key, (JsonNode?)v.Value))),
        ["columns"] = Texts(Columns),
        ["rows"] = new JsonArray([.. Rows().Select(row => (JsonNode)Texts(row))]),
        ["works"] = new JsonArray([.. Results.Select(result => (JsonNode)new JsonObject
        {
            ["name"] = result.Work.Name,
            ["title"] = result.Work.Title,
            ["measures"] = new JsonArray([.. result.Work.Measures.Select(measure => (JsonNode)new JsonObject
            {
                ["key"] = measure.Key,
                ["unit"] = measure.Unit,
                ["smaller_is_better"] = measure.SmallerIsBetter,
                ["targets"] = new JsonObject(measure.Targets.Select(t => KeyValuePair.Create(t.Key, (JsonNode?)t.Value))),
                ["sides"] = new JsonArray([.. result.Work.Sides.Where(s => result.Values.ContainsKey((s.Name, measure.Key))).Select(side => (JsonNode)new JsonObject
                {
                    ["name"] = side.Name,
                    ["median"] = result.Median(side.Name, measure.Key),
                    ["ratio"] = side.Name == PeerResult.Octavo ? null : result.Ratio(side.Name, measure),
                    ["rounds"] = new JsonArray([.. result.Values[(side.Name, measure.Key)].Select(v => (JsonNode)v)]),
                })]),
            })]),
        })]),
    };

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode)t)]);

    private static string Number(double? value) => value is not { } number ? "" : number.ToString(number >= 100 ? "0" : number >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);

    private static string Rounds(PeerResult result, PeerMeasure measure, string side) => result.Values[(side, measure.Key)].Count.ToString(CultureInfo.InvariantCulture);
}
