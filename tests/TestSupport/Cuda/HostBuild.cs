using System.Diagnostics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using System.Text;

namespace Octavo.TestSupport.Cuda;

/// <summary>
/// Builds the kernels for the host, as a libcuda.so.1 with its driver and a libnvrtc.so.12, by g++. Objects are kept by the digest of what they are made of, so that only what changed is compiled,
/// in a folder that all test projects share: they may build at the same time.
/// </summary>
public static class HostBuild
{
    private const string Driver = "libcuda.so.1";
    private static readonly string Sources = Path.Combine(Repository.Root, "src", "ServingRuntime.Kernels", "Cuda", "Sources");
    private static readonly string Shim = Path.Combine(Repository.Root, "tests", "ServingRuntime.Kernels.Tests", "Cuda", "Host");
    private static readonly string Kept = Path.Combine(Repository.Root, "artifacts", "cuda-host");

    /// <summary>Why it cannot be built here; null: it can.</summary>
    public static string? WhyNot { get; } = OperatingSystem.IsLinux() && Run("g++", ["--version"]).Status == 0 ? null : "kernels run on the host where there is g++, on Linux";

    private static readonly Lazy<string> Built = new(BuildAll);

    /// <returns>The folder of the libraries.</returns>
    public static string Build() => Built.Value;

    private static string BuildAll()
    {
        Directory.CreateDirectory(Kept);
        string[] files = [.. Directory.EnumerateFiles(Shim, "*.cpp"), .. Directory.EnumerateFiles(Sources, "*.cu"), .. Directory.EnumerateFiles(Shim, "*.cu")];
        var headers = Headers();
        var objects = files.AsParallel().AsOrdered().WithDegreeOfParallelism(2).Select(file => (Name: Path.GetFileName(file), Path: Compile(Path.GetFileName(file), File.ReadAllText(file), headers, ".o", []))).ToList();
        var folder = Path.Combine(Kept, Digest(string.Concat(objects.Select(item => item.Path))));
        if (!File.Exists(Path.Combine(folder, "libnvrtc.so.12")))
        {
            Directory.CreateDirectory(folder);
            foreach (var name in (string[])["libcublasLt.so.12", "libnccl.so.2"])
            {
                var link = Temporary(Path.Combine(folder, name));
                File.CreateSymbolicLink(link, Driver);
                File.Move(link, Path.Combine(folder, name), overwrite: true);
            }

            Link(Path.Combine(folder, Driver), [.. objects.Where(item => item.Name != "fake_nvrtc.cpp").Select(item => item.Path)]);
            Link(Path.Combine(folder, "libnvrtc.so.12"), [.. objects.Where(item => item.Name == "fake_nvrtc.cpp").Select(item => item.Path)]);
        }

        return folder;
    }

    /// <summary>
    /// One source with a planted bug, as a library of its own: while it is loaded beside the driver of <see cref="Build"/>, its kernels are those that the driver finds. Its functions are hidden, so that
    /// none is taken for another source's, which is right.
    /// </summary>
    /// <param name="file">The source itself or one of its headers.</param>
    /// <param name="text">In place of what the file has.</param>
    /// <returns>The library's path.</returns>
    public static string BuildMutant(string file, string text, string source)
    {
        var headers = Headers();
        headers[file] = text;
        var driver = Path.Combine(Build(), Driver);
        return Compile(source, file == source ? text : Text(source), headers, ".so", ["-shared", driver]);
    }

    /// <summary>Of a kernel's source, or of the tests' own.</summary>
    public static string Text(string source) => File.ReadAllText(Path.Combine(File.Exists(Path.Combine(Shim, source)) ? Shim : Sources, source));

    private static Dictionary<string, string> Headers() =>
        Directory.EnumerateFiles(Sources, "*.cuh").Concat(Directory.EnumerateFiles(Shim, "*.hpp")).ToDictionary(header => Path.GetFileName(header), File.ReadAllText, StringComparer.Ordinal);

    /// <param name="suffix">Of what is made.</param>
    /// <param name="link">How it is linked; empty: it is not.</param>
    private static string Compile(string name, string text, Dictionary<string, string> headers, string suffix, string[] link)
    {
        // All blocks of a test are run by the shim, many threads by each kernel once; the speed of the driver does not matter.
        var optimization = name.StartsWith("fake_", StringComparison.Ordinal) ? "-O0" : name.EndsWith(".cpp", StringComparison.Ordinal) ? "-O3" : "-Og";
        string[] options =
        [
            "-std=c++20", optimization, .. Fma.IsSupported ? (string[])["-mfma"] : [], "-Wall", "-Wextra", "-Werror", "-fPIC", "-fvisibility=hidden", "-fno-gnu-unique", "-ffp-contract=off", "-fno-math-errno",
            "-DOCTAVO_HOST_SHIM",
        ];
        var used = Included(text, headers).Order(StringComparer.Ordinal).ToList();
        var output = Path.Combine(Kept, $"{name}-{Digest(string.Join('\n', [.. options, .. link, text, .. used.Select(header => headers[header])]))}{suffix}");
        if (!File.Exists(output))
        {
            // Sources know themselves by their file's name.
            var made = Temporary(output);
            var folder = Directory.CreateDirectory(made + ".src").FullName;
            var source = Path.Combine(folder, name);
            File.WriteAllText(source, text);
            used.ForEach(header => File.WriteAllText(Path.Combine(folder, header), headers[header]));
            var (status, log) = Run("g++", [.. options, "-x", "c++", .. link.Length > 0 ? [] : (string[])["-c"], source, "-x", "none", .. link, "-o", made]);
            Require(status == 0, $"{name} must compile for the host:\n{log}");
            File.Move(made, output, overwrite: true);
            Directory.Delete(folder, recursive: true);
        }

        return output;
    }

    /// <summary>Headers of ours that a text includes, and those that they include.</summary>
    public static IReadOnlyCollection<string> Included(string text, IReadOnlyDictionary<string, string> headers)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var left = new Stack<string>([text]);
        while (left.TryPop(out var next))
        {
            foreach (var header in headers.Keys.Where(header => next.Contains($"#include \"{header}\"", StringComparison.Ordinal) && found.Add(header)))
            {
                left.Push(headers[header]);
            }
        }

        return found;
    }

    private static void Link(string library, string[] objects)
    {
        var made = Temporary(library);
        var (status, log) = Run("g++", ["-shared", $"-Wl,-soname,{Path.GetFileName(library)}", "-o", made, .. objects]);
        Require(status == 0, $"{library} must link:\n{log}");
        File.Move(made, library, overwrite: true);
    }

    private static string Temporary(string path) => $"{path}.{Guid.NewGuid():N}";

    private static void Require(bool condition, string fault)
    {
        if (!condition)
        {
            throw new InvalidOperationException(fault);
        }
    }

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..20];

    private static (int Status, string Log) Run(string command, string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            var output = process.StandardOutput.ReadToEndAsync();
            var log = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, log + output.GetAwaiter().GetResult());
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            return (127, missing.Message);
        }
    }
}
