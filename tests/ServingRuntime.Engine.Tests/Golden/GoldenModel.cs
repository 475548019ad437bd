using System.Text.Json;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Golden;

/// <summary>
/// A small random checkpoint and what transformers computed with it in float32: those of the fixtures, and of the folder that OCTAVO_GOLDEN names.
/// </summary>
/// <param name="IsLongrope">Its greedy tokens are those of the long factors, which models are served with at every length; the logits are not.</param>
/// <param name="Measured">By type: bfloat16, float16; empty where it was not measured.</param>
internal sealed record GoldenModel(
    string Folder, string ModelType, string StoredType, bool IsLongrope, IReadOnlyList<GoldenPrompt> Prompts, IReadOnlyDictionary<string, GoldenDifference> Measured)
{
    private static readonly string Fixtures = Path.Combine(Repository.Root, "tests", "ServingRuntime.Engine.Tests", "Fixtures", "golden");

    public static IReadOnlyList<string> Names => [.. Folders().Keys.Order(StringComparer.Ordinal)];

    /// <summary>Whether its weights are stored as numbers of a few bits.</summary>
    public bool IsQuantized => StoredType.Contains("int", StringComparison.Ordinal);

    /// <summary>Whether a rounding can send a token to another expert, so that logits differ as they like.</summary>
    public bool HasExperts => ModelType is "mixtral" || ModelType.Contains("moe", StringComparison.Ordinal);

    public static string FolderOf(string name) => Folders()[name];

    public static GoldenModel Read(string name)
    {
        var folder = FolderOf(name);
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "golden.json")));
        var root = document.RootElement;
        var isLongrope = root.TryGetProperty("longrope_threshold", out _);
        return new GoldenModel(
            folder, root.GetProperty("model_type").GetString()!, root.GetProperty("stored_dtype").GetString()!, isLongrope,
            [.. root.GetProperty("prompts").EnumerateArray().Select(prompt => PromptOf(prompt, isLongrope ? "long_always_greedy_ids" : "greedy_ids"))],
            root.TryGetProperty("lowprec_vs_f32", out var measured)
                ? measured.EnumerateObject().ToDictionary(type => type.Name, type => new GoldenDifference(type.Value.GetProperty("max_abs_logit_diff").GetSingle(), type.Value.GetProperty("mean_abs_logit_diff").GetSingle()), StringComparer.Ordinal)
                : new Dictionary<string, GoldenDifference>(StringComparer.Ordinal));
    }

    private static Dictionary<string, string> Folders()
    {
        string[] roots = Environment.GetEnvironmentVariable("OCTAVO_GOLDEN") is { Length: > 0 } more ? [Path.Combine(more, "models"), Path.Combine(more, "quant"), Fixtures] : [Fixtures];
        var folders = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var folder in roots.Where(Directory.Exists).SelectMany(Directory.EnumerateDirectories))
        {
            // Those of e2e are of another form.
            if (File.Exists(Path.Combine(folder, "golden.json")) && !Path.GetFileName(folder).StartsWith("e2e", StringComparison.Ordinal))
            {
                folders[Path.GetFileName(folder)] = folder;
            }
        }

        return folders;
    }

    private static GoldenPrompt PromptOf(JsonElement prompt, string greedy) => new(
        prompt.GetProperty("id").GetString()!, Ints(prompt.GetProperty("input_ids")), Ints(prompt.GetProperty(greedy)),
        [.. prompt.GetProperty("top5_ids").EnumerateArray().Select(Ints)],
        [.. prompt.GetProperty("top5_logprobs").EnumerateArray().Select(row => row.EnumerateArray().Select(value => value.GetSingle()).ToArray())]);

    private static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(value => value.GetInt32())];
}
