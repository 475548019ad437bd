using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Octavo.ServingRuntime.Kernels.Cuda.Compilation;
using Octavo.ServingRuntime.Kernels.Cuda.Native;
using Octavo.TestSupport;
using Octavo.TestSupport.Cuda;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Compilation;

/// <summary>
/// What NVRTC made of every source for every architecture when it was last asked for all of them, which takes minutes: kernel-usage.txt beside this file. It holds for sources that are as they were then, apart from
/// comments; so a kernel that spills on one architecture cannot come in by a test that compiles for another. What a change does to registers shows in its diff.
/// </summary>
/// <param name="Version">Of the compiler.</param>
/// <param name="Sources">By name: the digest of what is compiled, and by architecture its kernels.</param>
internal sealed partial record KernelUsageRecord(string Version, IReadOnlyDictionary<string, (string Digest, IReadOnlyDictionary<string, IReadOnlyList<KernelUsage>> Kernels)> Sources)
{
    private static readonly string Path = System.IO.Path.Combine(Repository.Root, "tests", "ServingRuntime.Kernels.Tests", "Cuda", "Compilation", "kernel-usage.txt");

    /// <summary>Of a source, as the devices that have kernels of it.</summary>
    public static IReadOnlyList<string> Architectures(string source) => source.StartsWith("attention_wgmma", StringComparison.Ordinal) ? ["sm_90a"] : ["sm_80", "sm_89", "sm_90", "sm_90a"];

    public static string DigestOf(KernelSource source)
    {
        var text = string.Join('\n', HostBuild.Included(source.Text, source.Headers).Order(StringComparer.Ordinal).Select(header => source.Headers[header]).Prepend(source.Text));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Spaces().Replace(Comments().Replace(text, ""), " "))))[..16];
    }

    public static KernelUsageRecord Read()
    {
        var lines = File.ReadAllLines(Path);
        var sources = new Dictionary<string, (string, IReadOnlyDictionary<string, IReadOnlyList<KernelUsage>>)>(StringComparer.Ordinal);
        Dictionary<string, IReadOnlyList<KernelUsage>>? kernels = null;
        foreach (var words in lines.Skip(1).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (words.Length == 2)
            {
                sources.Add(words[0], (words[1], kernels = new(StringComparer.Ordinal)));
                continue;
            }

            // A kernel, then for each architecture its name and three numbers.
            for (var i = 1; i < words.Length; i += 4)
            {
                var numbers = words[(i + 1)..(i + 4)].Select(word => int.Parse(word, CultureInfo.InvariantCulture)).ToArray();
                kernels![words[i]] = [.. kernels.GetValueOrDefault(words[i]) ?? [], new KernelUsage(words[0], numbers[0], numbers[1], numbers[2])];
            }
        }

        return new KernelUsageRecord(lines[0].Split(' ')[2].TrimEnd(':'), sources);
    }

    /// <summary>Compiles everything, two at a time, and writes the record.</summary>
    public static void Write(CudaVersion version, Func<string, string, IReadOnlyList<KernelUsage>> compile)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"# NVRTC {version}: of each kernel registers, bytes spilt and static shared memory by architecture; `make nvrtc-usage` writes this file\n");
        var pairs = KernelSource.Names.SelectMany(source => Architectures(source).Select(architecture => (source, architecture))).ToList();
        var usages = pairs.AsParallel().AsOrdered().WithDegreeOfParallelism(2).Select(pair => (pair.source, pair.architecture, Kernels: compile(pair.source, pair.architecture))).ToList();
        foreach (var source in usages.GroupBy(usage => usage.source, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"{source.Key} {DigestOf(KernelSource.Read(source.Key))}\n");
            foreach (var kernel in source.SelectMany(usage => usage.Kernels.Select(kernel => (usage.architecture, kernel))).GroupBy(one => one.kernel.Kernel, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal))
            {
                text.Append("  ").Append(kernel.Key);
                foreach (var (architecture, usage) in kernel)
                {
                    text.Append(CultureInfo.InvariantCulture, $"  {architecture} {usage.Registers} {usage.SpillBytes} {usage.SharedBytes}");
                }

                text.Append('\n');
            }
        }

        File.WriteAllText(Path, text.ToString());
    }

    [GeneratedRegex("//[^\n]*", RegexOptions.None, 1000)]
    private static partial Regex Comments();

    [GeneratedRegex(@"\s+", RegexOptions.None, 1000)]
    private static partial Regex Spaces();
}
