using System.Globalization;
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

    /// <summary>Those that every model needs.</summary>
    public static IReadOnlyList<string> AtStart { get; } = [.. Names.Where(name => !ForHeads().IsMatch(name) && !ForWeights().IsMatch(name))];

    private static Assembly Assembly => typeof(KernelSource).Assembly;

    /// <summary>Those that only models with heads of that size and keys and values of that type need: attention_KIND_128.cu, or attention_KIND_bf16_128.cu for one type alone.</summary>
    public static IReadOnlyList<string> OfHeads(int headDim, DType cache)
    {
        var type = cache switch { DType.Float32 => "f32", DType.BFloat16 => "bf16", DType.Float16 => "f16", DType.Int8 => "i8", DType.Float8E4M3 => "f8", _ => "" };
        return [.. Names.Where(name => ForHeads().Match(name) is { Success: true } match
            && match.Groups["size"].Value == headDim.ToString(CultureInfo.InvariantCulture) && (match.Groups["type"] is not { Success: true } only || only.Value == type))];
    }

    /// <summary>Those that only models with packed weights need, for one number of bits and one type of activations.</summary>
    public static IReadOnlyList<string> OfPackedWeights(int bits, DType dtype) =>
        dtype == DType.Float32 ? ["exact.cu", "quantized.cu"] : ["quantized.cu", $"quantized_{bits}_{(dtype == DType.BFloat16 ? "bf16" : "f16")}.cu"];

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

    [GeneratedRegex("^attention_[a-z]+(_(?<type>f32|bf16|f16|i8|f8))?_(?<size>[0-9]+)\\.cu$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ForHeads();

    [GeneratedRegex("^(quantized|exact|experts).*\\.cu$", RegexOptions.None, 1000)]
    private static partial Regex ForWeights();
}
