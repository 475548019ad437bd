using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Octavo.KubernetesClient;
using Octavo.Operator.CustomResources;

namespace Octavo.Installation.Tests.Charts;

/// <summary>Renders a Helm chart whose templates are plain. What it does not know is an error, so templates stay such that a reader needs no manual either.</summary>
internal sealed partial class ChartRenderer
{
    private readonly string folder;
    private readonly JsonObject root;

    /// <param name="values">Laid over values.yaml as Helm does: maps are merged, all else is replaced.</param>
    public ChartRenderer(string folder, string releaseNamespace, JsonObject? values = null)
    {
        this.folder = folder;
        var chart = KubernetesYaml.Load(File.ReadAllText(Path.Combine(folder, "Chart.yaml")));
        Values = Merge(KubernetesYaml.Load(File.ReadAllText(Path.Combine(folder, "values.yaml"))), values ?? []);
        root = new JsonObject
        {
            ["Values"] = Values.DeepClone(),
            ["Release"] = new JsonObject { ["Namespace"] = releaseNamespace, ["Name"] = "octavo" },
            ["Chart"] = new JsonObject { ["AppVersion"] = chart["appVersion"]!.DeepClone() },
        };
    }

    public JsonObject Values { get; }

    /// <summary>Paths below <c>.Values</c> that templates have read.</summary>
    public HashSet<string> Read { get; } = new(StringComparer.Ordinal);

    /// <summary>All objects, and that NOTES.txt renders too.</summary>
    public IReadOnlyList<JsonObject> Render()
    {
        var objects = new List<JsonObject>();
        foreach (var file in Directory.GetFiles(Path.Combine(folder, "templates")).Order(StringComparer.Ordinal))
        {
            var text = RenderText(File.ReadAllText(file));
            // NOTES.txt has to render, and is for people.
            if (file.EndsWith(".yaml", StringComparison.Ordinal))
            {
                objects.AddRange(KubernetesYaml.LoadAll(text));
            }
        }

        return objects;
    }

    public string RenderText(string template)
    {
        var text = new StringBuilder();
        Write(TemplateParser.Parse(template), root, text);
        return text.ToString();
    }

    private static JsonObject Merge(JsonObject under, JsonObject over)
    {
        foreach (var (name, value) in over)
        {
            under[name] = under[name] is JsonObject a && value is JsonObject b ? Merge((JsonObject)a.DeepClone(), b) : value?.DeepClone();
        }

        return under;
    }

    private void Write(IReadOnlyList<TemplateNode> nodes, JsonNode? dot, StringBuilder text)
    {
        foreach (var node in nodes)
        {
            switch (node)
            {
                case TemplateNode.Text plain:
                    text.Append(plain.Value);
                    break;
                case TemplateNode.Output output:
                    text.Append(Evaluate(output.Pipeline, dot) switch { null => "", string s => s, var other => Plain((JsonNode)other) });
                    break;
                case TemplateNode.If condition:
                    Write(IsTrue(Evaluate(condition.Pipeline, dot)) ? condition.Then : condition.Otherwise, dot, text);
                    break;
                case TemplateNode.With with:
                    var value = Evaluate(with.Pipeline, dot);
                    Write(IsTrue(value) ? with.Then : with.Otherwise, IsTrue(value) ? (JsonNode)value! : dot, text);
                    break;
                case TemplateNode.Range range:
                    var items = Evaluate(range.Pipeline, dot) as JsonArray ?? throw new NotSupportedException($"range over {range.Pipeline}, which is no list");
                    foreach (var item in items)
                    {
                        Write(range.Then, item, text);
                    }

                    Write(items.Count == 0 ? range.Otherwise : [], dot, text);
                    break;
            }
        }
    }

    /// <summary>A string where a function made text; else a node.</summary>
    private object? Evaluate(string pipeline, JsonNode? dot)
    {
        object? value = null;
        var first = true;
        foreach (var command in pipeline.Split(" | "))
        {
            var words = Words().Matches(command).Select(m => m.Value).ToList();
            object? Argument(int index) => words.Count > index ? Operand(words[index], dot) : value;
            value = words[0] switch
            {
                "toYaml" => (object)ManifestWriter.ToYaml((JsonNode)Argument(1)!).TrimEnd('\n'),
                "indent" => Indent(int.Parse(words[1], CultureInfo.InvariantCulture), (string)Argument(2)!),
                "quote" => JsonSerializer.Serialize(Argument(1) is JsonNode node ? Plain(node) : (string?)Argument(1)),
                "not" => JsonValue.Create(!IsTrue(Argument(1))),
                ".Files.Get" or "$.Files.Get" => File.ReadAllText(Path.Combine(folder, words[1].Trim('"'))),
                _ when first && words.Count == 1 => Operand(words[0], dot),
                _ => throw new NotSupportedException($"{command} is not plain"),
            };
            first = false;
        }

        return value;
    }

    private JsonNode? Operand(string word, JsonNode? dot)
    {
        if (word == ".")
        {
            return dot;
        }

        var path = word switch
        {
            _ when word.StartsWith("$.", StringComparison.Ordinal) => word[2..],
            _ when word[0] == '.' && ReferenceEquals(dot, root) => word[1..],
            _ => throw new NotSupportedException($"{word} is not plain: within `with` and `range` the root is $"),
        };
        if (path.StartsWith("Values.", StringComparison.Ordinal))
        {
            Read.Add(path["Values.".Length..]);
        }

        JsonNode node = root;
        foreach (var name in path.Split('.'))
        {
            node = (node as JsonObject)?[name] ?? throw new NotSupportedException($"{word}: values.yaml has no {name}");
        }

        return node;
    }

    private static string Indent(int width, string text) => string.Join('\n', text.Split('\n').Select(line => new string(' ', width) + line));

    private static string Plain(JsonNode node) => node is JsonValue value ? value.ToString() : throw new NotSupportedException($"{node.GetPath()} is no plain value");

    private static bool IsTrue(object? value) => value switch
    {
        null => false,
        string s => s.Length > 0,
        JsonObject map => map.Count > 0,
        JsonArray list => list.Count > 0,
        JsonNode node => node.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False or JsonValueKind.Null => false,
            JsonValueKind.String => node.GetValue<string>().Length > 0,
            _ => node.ToJsonString() != "0",
        },
        _ => throw new NotSupportedException($"{value} as a condition"),
    };

    [GeneratedRegex("\"[^\"]*\"|[^ ]+", RegexOptions.None, 1000)]
    private static partial Regex Words();
}
