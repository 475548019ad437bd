using System.Reflection;
using System.Text.RegularExpressions;

namespace Octavo.ServingRuntime.Kernels.Cuda.Compilation;

/// <summary>A source that is compiled as one, and all headers that sources may include.</summary>
internal sealed partial record KernelSource(string Name, string Text, IReadOnlyDictionary<string, string> Headers)
{
    private const string Prefix = "cuda/";

    /// <summary>Sources of this assembly, such as rows.cu, in the order of their names.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(".cu", StringComparison.Ordinal)).Select(name => name[Prefix.Length..]).Order(StringComparer.Ordinal)];

    /// <summary>Those that every model needs. Kernels of attention are compiled for the head sizes and types that KV blocks are allocated of, those of packed weights with the first such weight.</summary>
    public static IReadOnlyList<string> AtStart { get; } = [.. Names.Where(name => !name.StartsWith("attention_", StringComparison.Ordinal) && !ForWeights().IsMatch(name))];

    private static Assembly Assembly => typeof(KernelSource).Assembly;

    /// <summary>Those that only models with packed weights need, for one number of bits and one type of activations.</summary>
    public static IReadOnlyList<string> OfPackedWeights(int bits, DType dtype) =>
        dtype == DType.Float32 ? ["exact.cu", "quantized.cu"] : ["quantized.cu", $"quantized_{bits}_{(dtype == DType.BFloat16 ? "bf16" : "f16")}.cu"];

    /// <summary>Those that only mixtures of experts need.</summary>
    /// <param name="bits">0: dense weights.</param>
    public static IReadOnlyList<string> OfExperts(int bits, DType dtype) =>
        ["experts.cu", "quantized.cu", dtype == DType.Float32 ? "exact.cu" : bits == 0 ? $"experts_{(dtype == DType.BFloat16 ? "bf16" : "f16")}.cu" : OfPackedWeights(bits, dtype)[1]];

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

    [GeneratedRegex("^(quantized|exact|experts).*\\.cu$", RegexOptions.None, 1000)]
    private static partial Regex ForWeights();
}
