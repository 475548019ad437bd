using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.ServingRuntime.Engine.Tokenization.Jinja;
using Octavo.TestSupport;
using Xunit.Abstractions;

namespace Octavo.ServingRuntime.Engine.Tests.Tokenization.TemplateFuzzing;

/// <summary>
/// Our interpreter beside Jinja2 in transformers' environment and @huggingface/jinja, over random programs and conversations. Short and seeded here;
/// OCTAVO_FUZZ_SECONDS makes it longer, OCTAVO_FUZZ_SEED another run (make fuzz-templates).
/// </summary>
public sealed class TemplateDifferentialTests(ITestOutputHelper log)
{
    private const int Programs = 400;
    private const int Conversations = 15;

    private static readonly DateTimeOffset RenderedAt = new(2025, 1, 15, 10, 30, 0, TimeSpan.Zero);

    private static int? Seconds => int.TryParse(Environment.GetEnvironmentVariable("OCTAVO_FUZZ_SECONDS"), CultureInfo.InvariantCulture, out var seconds) ? seconds : null;

    private static int Seed => int.TryParse(Environment.GetEnvironmentVariable("OCTAVO_FUZZ_SEED"), CultureInfo.InvariantCulture, out var seed) ? seed : 1;

    [SkippableFact]
    public void Render_RandomPrograms_EqualJinja2()
    {
        using var judge = TemplateJudge.StartJinja();
        Skip.If(judge is null, "no python3 with Jinja2 3.1 (OCTAVO_PYTHON)");
        Compare(judge, Programs, Program(_ => true));
    }

    [SkippableFact]
    public void Render_RandomPrograms_EqualHuggingFace()
    {
        using var judge = TemplateJudge.StartHuggingFace();
        Skip.If(judge is null, "no node with @huggingface/jinja: make tools fetches it");
        using var jinja = TemplateJudge.StartJinja();
        Compare(judge, Programs, Program(HuggingFaceAgreement.Features.Contains), jinja);
    }

    [SkippableFact]
    public void Render_RandomConversations_EqualJinja2()
    {
        using var judge = TemplateJudge.StartJinja();
        Skip.If(judge is null, "no python3 with Jinja2 3.1 (OCTAVO_PYTHON)");
        var templates = Templates();
        Compare(judge, templates.Count * Conversations, (random, i) => (templates[i % templates.Count], new ConversationGenerator(random).Variables()));
    }

    // Assigned, or given another case, by Unicode 15 or 16: older Pythons do not know them yet.
    private const string NewInUnicode = "\u019B\u0264\u0897\u0CF3\u0ECE\u10FC\u1B4E\u1B4F\u1B7F\u1C89\u1C8A\u2427\u2428\u2429\u2FFC\u2FFD\u2FFE\u2FFF";

    /// <summary>Casing and classes of every character up to U+3000, beyond which Unicode's versions differ.</summary>
    [SkippableFact]
    public void Render_EveryCharacter_EqualsPython()
    {
        using var judge = TemplateJudge.StartJinja();
        Skip.If(judge is null, "no python3 with Jinja2 3.1 (OCTAVO_PYTHON)");
        const string Template = """
            {%- for c in s %}{{ [c, c.upper(), c.lower(), c.title(), c.capitalize(), c|title, c.isspace(), c.isalpha(), c.isdigit(), c.isdecimal(), c.isnumeric(), c.isalnum(), c.islower(), c.isupper(),
            c.istitle(), c.isprintable(), (c ~ 'x' ~ c).strip(), (c ~ 'x').title(), ('a' ~ c ~ 'b').splitlines(), c|tojson(ensure_ascii=true)] }}@
            {%- endfor %}
            """;
        var wrong = new List<string>();
        foreach (var characters in Enumerable.Range(1, 0x2FFF).Select(c => (char)c).Where(c => char.GetUnicodeCategory(c) != UnicodeCategory.OtherNotAssigned && !NewInUnicode.Contains(c)).Chunk(512))
        {
            var variables = new JsonObject { ["messages"] = new JsonArray(), ["tools"] = null, ["add_generation_prompt"] = false, ["s"] = new string(characters) };
            var (theirs, reason) = judge.Render(Template, variables);
            var (ours, fault) = Render(Template, variables);
            wrong.AddRange((ours ?? fault!.Message).Split('@').Zip((theirs ?? reason).Split('@')).Where(pair => pair.First != pair.Second).Select(pair => $"{pair.First} instead of {pair.Second}"));
        }

        wrong.Should().BeEmpty();
    }

    private static Func<Random, int, (string Template, JsonObject Variables)> Program(Func<string, bool> allows) => (random, _) =>
    {
        var conversations = new ConversationGenerator(random);
        var variables = conversations.Variables();
        variables["s"] = conversations.Text();
        variables["t"] = "text";
        variables["i"] = random.Next(-5, 50);
        variables["n"] = 3;
        variables["b"] = random.Next(2) == 0;
        variables["l"] = new JsonArray(1, 2, 3);
        variables["d"] = new JsonObject { ["a"] = 1, ["name"] = conversations.Text(), ["k"] = new JsonArray(1, "two") };
        variables["x"] = allows("odd-values") ? conversations.Value() : "x";
        return (new ProgramGenerator(random, allows).Program(), variables);
    };

    /// <summary>The repository's own templates, the tiny model's, and the vendors' where the reference data is.</summary>
    private static List<string> Templates()
    {
        var own = Path.Combine(Repository.Root, "tests", "ServingRuntime.Engine.Tests", "Fixtures", "templates");
        List<string> templates = [.. Directory.EnumerateFiles(own, "*.jinja").Order(StringComparer.Ordinal).Select(File.ReadAllText)];
        using var config = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.TinyModel, "tokenizer_config.json")));
        templates.Add(config.RootElement.GetProperty("chat_template").GetString()!);
        if (GoldenData.Root is { } root && Path.Combine(root, "templates") is var folder && Directory.Exists(folder))
        {
            foreach (var file in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal))
            {
                using var golden = JsonDocument.Parse(File.ReadAllText(file));
                templates.Add(golden.RootElement.GetProperty("chat_template").GetString()!);
            }
        }

        return templates;
    }

    /// <param name="jinja">Says who is right where the judge is another engine; null: there is none, or it is the judge.</param>
    private void Compare(TemplateJudge judge, int cases, Func<Random, int, (string Template, JsonObject Variables)> make, TemplateJudge? jinja = null)
    {
        var clock = Stopwatch.StartNew();
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var differences = Differences(judge, cases, make, counts, jinja);
        var summary = new StringBuilder().AppendLine(CultureInfo.InvariantCulture, $"{judge.Name}, seed {Seed}, {clock.Elapsed.TotalSeconds:0} s: {differences.Count} different");
        foreach (var (what, count) in counts)
        {
            summary.AppendLine(CultureInfo.InvariantCulture, $"{count} {what}");
        }

        log.WriteLine(summary.ToString());
        if (Environment.GetEnvironmentVariable("OCTAVO_FUZZ_REPORT") is { Length: > 0 } report)
        {
            File.AppendAllText(report, summary + string.Join("\n", differences.Take(200)));
        }

        Assert.True(differences.Count == 0, string.Join("\n", differences.OrderBy(d => d.Length).Take(3)));
        counts.GetValueOrDefault("alike").Should().BeGreaterThan(cases / 20, "most templates are to give a text");
    }

    private static List<string> Differences(
        TemplateJudge judge, int cases, Func<Random, int, (string Template, JsonObject Variables)> make, SortedDictionary<string, int> counts, TemplateJudge? jinja)
    {
        var clock = Stopwatch.StartNew();
        var differences = new List<string>();
        for (var i = 0; Seconds is { } seconds ? clock.Elapsed.TotalSeconds < seconds : i < cases; i++)
        {
            var (template, variables) = make(new Random(HashCode(Seed, i)), i);
            variables["bos_token"] = "<s>";
            variables["eos_token"] = "</s>";
            var (theirs, reason) = judge.Render(template, variables);
            var (ours, fault) = Render(template, variables);
            var isUnsupported = fault is { Fault: TemplateFault.Limit } || fault?.Message.Contains("not supported", StringComparison.Ordinal) == true
                || fault?.Message.Contains("the same twice", StringComparison.Ordinal) == true;
            var what = ours == theirs ? (ours is null ? "refused by both" : "alike") : isUnsupported ? $"refused by ours alone: {fault!.Message}" : "different";
            if (what == "different" && jinja?.Render(template, variables) is { } right && right.Text == ours)
            {
                what = $"where {judge.Name} differs from Jinja2, which is right";
            }

            counts[what] = counts.GetValueOrDefault(what) + 1;
            if (what == "different")
            {
                differences.Add($"case {i}\n--- template\n{template}\n--- {judge.Name}: {Shown(theirs) ?? "refuses: " + reason}\n--- ours: {Shown(ours) ?? $"refuses ({fault!.Fault}): {fault.Message}"}\n--- variables {variables.ToJsonString()}\n");
            }
        }

        return differences;
    }

    private static int HashCode(int seed, int index) => unchecked((seed * 486_187_739) + (index * 16_777_619));

    private static string? Shown(string? text) => text is null ? null : JsonSerializer.Serialize(text);

    private static (string? Text, TemplateException? Fault) Render(string template, JsonObject variables)
    {
        using var all = JsonDocument.Parse(variables.ToJsonString());
        var root = all.RootElement;
        try
        {
            var special = new Dictionary<string, string> { ["bos_token"] = "<s>", ["eos_token"] = "</s>" };
            return (new ChatTemplate(template, special, new TemplateLimits { MaxTime = TimeSpan.FromMinutes(1) }, new FakeTimeProvider(RenderedAt))
                .Render(root.GetProperty("messages"), root.GetProperty("tools"), root.GetProperty("add_generation_prompt").GetBoolean(), root), null);
        }
        catch (TemplateException e)
        {
            return (null, e);
        }
    }
}
