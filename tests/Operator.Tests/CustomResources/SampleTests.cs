using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.Operator.CustomResources;
using Octavo.Operator.Entities;
using Octavo.TestSupport;

namespace Octavo.Operator.Tests.CustomResources;

public sealed class SampleTests
{
    public static TheoryData<string> Samples => [.. Directory.GetFiles(Path.Combine(Repository.Root, "config", "samples"), "*.yaml").Select(p => Path.GetFileName(p))];

    [Theory]
    [MemberData(nameof(Samples))]
    public void Sample_Fields_AreThoseOfTheSchema(string file)
    {
        var sample = Read(file);
        var schema = CustomResourceDefinitionGenerator.Generate(typeof(V1Alpha1InferenceService))["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!.AsObject();

        Check(sample["spec"], schema["properties"]!["spec"]!.AsObject(), "spec").Should().BeEmpty();
        sample["apiVersion"]!.GetValue<string>().Should().Be(V1Alpha1InferenceService.GroupVersion);
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Sample_AsObject_LosesNothing(string file)
    {
        var sample = Read(file);

        var written = KubernetesJson.ToNode(KubernetesJson.FromNode<V1Alpha1InferenceService>(sample.DeepClone()))["spec"];

        // Quantities that are numbers come back as text; all else is the same.
        Texts(written).Should().Be(Texts(sample["spec"]));
    }

    private static JsonObject Read(string file) => KubernetesYaml.LoadAll(File.ReadAllText(Path.Combine(Repository.Root, "config", "samples", file))).Single();

    private static string Texts(JsonNode? node) => node switch
    {
        JsonObject map => "{" + string.Join(',', map.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}:{Texts(p.Value)}")) + "}",
        JsonArray list => "[" + string.Join(',', list.Select(Texts)) + "]",
        _ => node?.ToString() ?? "null",
    };

    private static IEnumerable<string> Check(JsonNode? value, JsonObject schema, string path)
    {
        if (schema["x-kubernetes-int-or-string"] is not null)
        {
            return value?.GetValueKind() is JsonValueKind.String or JsonValueKind.Number ? [] : [$"{path} is no quantity"];
        }

        return (string)schema["type"]! switch
        {
            "object" => CheckObject(value, schema, path),
            "array" => value is JsonArray list ? list.SelectMany((item, i) => Check(item, schema["items"]!.AsObject(), $"{path}[{i}]")) : [$"{path} is no list"],
            "integer" => value?.GetValueKind() == JsonValueKind.Number ? [] : [$"{path} is no number"],
            "boolean" => value?.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? [] : [$"{path} is no boolean"],
            _ => value?.GetValueKind() == JsonValueKind.String ? [] : [$"{path} is no text"],
        };
    }

    private static IEnumerable<string> CheckObject(JsonNode? value, JsonObject schema, string path)
    {
        if (value is not JsonObject map)
        {
            return [$"{path} is no object"];
        }

        var missing = (schema["required"]?.AsArray() ?? []).Select(r => r!.GetValue<string>()).Where(r => !map.ContainsKey(r)).Select(r => $"{path}.{r} is missing");
        var wrong = map.SelectMany(field => (schema["properties"]?[field.Key] ?? schema["additionalProperties"]) is JsonObject child
            ? Check(field.Value, child, $"{path}.{field.Key}")
            : [$"{path}.{field.Key} is unknown"]);
        return missing.Concat(wrong);
    }
}
