using System.Collections.Frozen;

namespace Octavo.ServingRuntime.Engine.Tests.Tokenization.TemplateFuzzing;

/// <summary>
/// Where @huggingface/jinja 0.5 renders otherwise than Jinja2, or refuses what Jinja2 renders: features that are left out of the programs that are compared with it.
/// All of them are compared with Jinja2 itself, which is right.
/// </summary>
internal static class HuggingFaceDifferences
{
    public static FrozenDictionary<string, string> Features { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["none"] = "writes None as nothing or null",
    }.ToFrozenDictionary(StringComparer.Ordinal);
}
