using System.Reflection;

namespace Octavo.ServingRuntime.Kernels.Cuda.Compilation;

/// <summary>A source that is compiled as one, and all headers that sources may include.</summary>
internal sealed record KernelSource(string Name, string Text, IReadOnlyDictionary<string, string> Headers)
{
    private const string Prefix = "cuda/";

    /// <summary>Sources of this assembly, such as rows.cu, in the order of their names.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(".cu", StringComparison.Ordinal)).Select(name => name[Prefix.Length..]).Order(StringComparer.Ordinal)];

    private static Assembly Assembly => typeof(KernelSource).Assembly;

    public static KernelSource Read(string name)
    {
        var headers = Assembly.GetManifestResourceNames().Where(header => header.StartsWith(Prefix, StringComparison.Ordinal) && header.EndsWith(".cuh", StringComparison.Ordinal));
        return new KernelSource(name, Text(Prefix + name), headers.ToDictionary(header => header[Prefix.Length..], Text, StringComparer.Ordinal));

        static string Text(string resource)
        {
            using var stream = Assembly.GetManifestResourceStream(resource) ?? throw new ArgumentException($"there is no {resource}", nameof(name));
            using var reader = new StreamReader(stream);
            return reader.ReadToEnd();
        }
    }
}
