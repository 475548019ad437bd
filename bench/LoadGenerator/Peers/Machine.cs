namespace Octavo.LoadGenerator.Peers;

/// <summary>What the machine says of itself.</summary>
/// <param name="Flags">Of the processor's flags those that matrix products care about.</param>
/// <param name="Load">Of the last minutes.</param>
internal sealed record Machine(string Processor, int Cores, string Flags, string Load)
{
    public static Machine Read()
    {
        string Line(string begin) => File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith(begin, StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "" : "";
        var flags = Line("flags").Split(' ').Where(f => f.StartsWith("avx", StringComparison.Ordinal) || f.StartsWith("amx", StringComparison.Ordinal) || f is "fma" or "f16c");
        var load = File.Exists("/proc/loadavg") ? string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ').Take(3)) : "unknown";
        return new Machine(Line("model name"), Environment.ProcessorCount, string.Join(' ', flags), load);
    }
}
