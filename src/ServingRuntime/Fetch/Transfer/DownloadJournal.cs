using System.Text.Json;
using System.Text.Json.Serialization;
using Octavo.ServingRuntime.Fetch.Sources;

namespace Octavo.ServingRuntime.Fetch.Transfer;

/// <summary>
/// What of a download is safe on disk, beside the files, a JSON object a line, only ever appended to. A line is written after its bytes were flushed,
/// so a kill or a loss of power costs what is not noted yet and nothing else. Lines that do not parse (the last one of a killed writer) count as
/// not written.
/// </summary>
internal sealed partial class DownloadJournal : IDisposable
{
    public const string FileName = RelativePath.ReservedPrefix + "journal";
    private readonly Dictionary<string, FileRecord> files;
    private readonly FileStream stream;
    private readonly Lock gate = new();

    private DownloadJournal(Dictionary<string, FileRecord> files, FileStream stream)
    {
        this.files = files;
        this.stream = stream;
    }

    public static DownloadJournal Open(string folder)
    {
        var path = Path.Combine(folder, FileName);
        var files = new Dictionary<string, FileRecord>(StringComparer.Ordinal);
        var isTorn = false;
        if (File.Exists(path))
        {
            foreach (var text in File.ReadLines(path))
            {
                isTorn |= !Replay(files, text);
            }
        }

        var stream = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        if (isTorn)
        {
            // What follows begins on a line of its own.
            stream.WriteByte((byte)'\n');
        }

        return new DownloadJournal(files, stream);
    }

    /// <summary>What is there of this very content; nothing where the noted content is another or has no identity.</summary>
    public (RangeSet Ranges, string? Sha256) Find(SourceFile file)
    {
        lock (gate)
        {
            return file.Identity is { } identity && files.TryGetValue(file.Path, out var record) && record.Identity == identity
                ? (record.Ranges, record.Sha256)
                : (new RangeSet(), null);
        }
    }

    /// <summary>The file begins anew.</summary>
    public void Begin(SourceFile file) => Write(new Line(file.Path) { Identity = file.Identity ?? "" });

    /// <summary>These bytes are on disk.</summary>
    public void Add(SourceFile file, long start, long end) => Write(new Line(file.Path) { Start = start, End = end });

    /// <summary>The file is whole, and what it says it is.</summary>
    public void Complete(SourceFile file, string sha256) => Write(new Line(file.Path) { Sha256 = sha256 });

    public void Dispose() => stream.Dispose();

    private static bool Replay(Dictionary<string, FileRecord> files, string text)
    {
        if (text.Length == 0)
        {
            return true;
        }

        try
        {
            if (JsonSerializer.Deserialize(text, JournalJson.Default.Line) is not { } line)
            {
                return false;
            }

            if (line.Identity is not null)
            {
                files[line.Path] = new FileRecord(line.Identity);
            }
            else if (files.TryGetValue(line.Path, out var record))
            {
                record.Ranges.Add(line.Start, line.End);
                files[line.Path] = record with { Sha256 = line.Sha256 ?? record.Sha256 };
            }

            return true;
        }
        catch (JsonException)
        {
            // Torn by a kill: not written.
            return false;
        }
    }

    private void Write(Line line)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(line, JournalJson.Default.Line);
        lock (gate)
        {
            stream.Write([.. bytes, (byte)'\n']);
            stream.Flush();
        }
    }

    private sealed record FileRecord(string Identity)
    {
        public RangeSet Ranges { get; } = new();

        public string? Sha256 { get; init; }
    }

    internal sealed record Line(string Path)
    {
        public string? Identity { get; init; }
        public long Start { get; init; }
        public long End { get; init; }
        public string? Sha256 { get; init; }
    }

    [JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
    [JsonSerializable(typeof(Line))]
    private sealed partial class JournalJson : JsonSerializerContext;
}
