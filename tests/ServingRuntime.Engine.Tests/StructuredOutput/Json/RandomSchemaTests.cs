using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Octavo.ServingRuntime.Engine.StructuredOutput;
using static Octavo.ServingRuntime.Engine.Tests.StructuredOutput.GrammarHarness;

namespace Octavo.ServingRuntime.Engine.Tests.StructuredOutput.Json;

/// <summary>Random schemas: whatever random tokens the masks let through is JSON that validates.</summary>
public sealed class RandomSchemaTests
{
    private int compiled;
    private int walked;

    [Fact]
    public void RandomWalks_RandomSchemas_AlwaysValidate()
    {
        Prop.ForAll(Arb.From(Gen.Choose(0, int.MaxValue - 1)), Check).Check(Config.QuickThrowOnFailure.WithMaxTest(60).WithReplay(20251122, 9));
        compiled.Should().BeGreaterThan(40, "few of the schemas contradict themselves");
        walked.Should().BeGreaterThan(compiled, "and most walks end");
    }

    private void Check(int seed)
    {
        var random = new System.Random(seed);
        var schema = RandomSchema.Next(random).ToJsonString();
        CompiledGrammar grammar;
        try
        {
            grammar = Schema(schema);
        }
        catch (GrammarException)
        {
            return;
        }

        compiled++;
        using var document = JsonDocument.Parse(schema);
        for (var i = 0; i < 3; i++)
        {
            if (RandomWalk(grammar, random, 400) is not { } text)
            {
                continue;
            }

            walked++;
            using var value = JsonDocument.Parse(text);
            SchemaValidator.Error(document.RootElement, document.RootElement, value.RootElement).Should().BeNull($"{text} came out of {schema}");
        }
    }

    private static class RandomSchema
    {
        public static JsonObject Next(System.Random random)
        {
            var root = Schema(random, 3);
            root["$defs"] = new JsonObject { ["d"] = Schema(random, 1) };
            return root;
        }

        private static JsonObject Schema(System.Random random, int depth)
        {
            switch (random.Next(depth > 0 ? 13 : 6))
            {
                case 0:
                    return new JsonObject { ["enum"] = new JsonArray(1, "é\"", null, -2.5, "b") };
                case 1:
                    return Numbers(random, "integer");
                case 2:
                    return Numbers(random, "number");
                case 3:
                    return Strings(random);
                case 4:
                    return new JsonObject { ["type"] = new JsonArray("boolean", "null") };
                case 5:
                    return new JsonObject { ["type"] = "string", ["format"] = Pick(random, "date", "uuid", "ipv4", "ipv6", "date-time", "email", "hostname") };
                case 6:
                    return new JsonObject { ["$ref"] = "#/$defs/d" };
                case 7:
                    return new JsonObject { ["anyOf"] = new JsonArray(Schema(random, depth - 1), Schema(random, depth - 1)) };
                case 8:
                    return new JsonObject { ["allOf"] = new JsonArray(Objects(random, depth - 1), Objects(random, depth - 1)), ["type"] = "object" };
                case 9:
                    return new JsonObject { ["oneOf"] = new JsonArray(Numbers(random, "integer"), Strings(random), Arrays(random, depth - 1)) };
                case 10:
                    return Arrays(random, depth);
                default:
                    return Objects(random, depth);
            }
        }

        private static JsonObject Numbers(System.Random random, string type)
        {
            var schema = new JsonObject { ["type"] = type };
            var low = random.Next(-2000, 2000) / (type == "integer" ? 1m : 100m);
            if (random.Next(3) > 0)
            {
                schema[Pick(random, "minimum", "exclusiveMinimum")] = low;
            }

            if (random.Next(3) > 0)
            {
                schema[Pick(random, "maximum", "exclusiveMaximum")] = low + random.Next(1, 5000);
            }

            if (random.Next(4) == 0)
            {
                schema["multipleOf"] = type == "integer" ? random.Next(2, 12) : (random.Next(2) == 0 ? 0.5m : 0.01m);
            }

            return schema;
        }

        private static JsonObject Strings(System.Random random)
        {
            var schema = new JsonObject { ["type"] = "string" };
            if (random.Next(2) == 0)
            {
                schema["minLength"] = random.Next(4);
                schema["maxLength"] = 4 + random.Next(30);
            }

            if (random.Next(3) == 0)
            {
                schema["pattern"] = Pick(random, "^[a-z]+$", "[0-9]{2}", "^a?b*\"", "^(x|yy)*$", "é");
            }

            return schema;
        }

        private static JsonObject Arrays(System.Random random, int depth)
        {
            var schema = new JsonObject { ["type"] = "array", ["items"] = Schema(random, depth - 1), ["maxItems"] = random.Next(1, 5) };
            if (random.Next(2) == 0)
            {
                schema["prefixItems"] = new JsonArray(Schema(random, depth - 1), Schema(random, depth - 1));
            }

            if (random.Next(2) == 0)
            {
                schema["minItems"] = random.Next(3);
            }

            return schema;
        }

        private static JsonObject Objects(System.Random random, int depth)
        {
            var properties = new JsonObject();
            foreach (var name in new[] { "a", "ab", "b\"", "é", "zz" }.Where(_ => random.Next(2) == 0))
            {
                properties[name] = Schema(random, depth - 1);
            }

            var schema = new JsonObject { ["type"] = "object", ["properties"] = properties };
            schema["required"] = new JsonArray([.. properties.Select(p => p.Key).Where(_ => random.Next(2) == 0).Select(n => JsonValue.Create(n))]);
            switch (random.Next(4))
            {
                case 0:
                    schema["additionalProperties"] = false;
                    break;
                case 1:
                    schema["additionalProperties"] = Schema(random, 0);
                    break;
                case 2:
                    schema["patternProperties"] = new JsonObject { ["^z"] = new JsonObject { ["type"] = "integer" }, ["b"] = new JsonObject { ["type"] = new JsonArray("integer", "null") } };
                    break;
            }

            if (random.Next(4) == 0)
            {
                schema["maxProperties"] = random.Next(1, 5);
            }

            if (random.Next(4) == 0)
            {
                schema["minProperties"] = random.Next(3);
            }

            if (random.Next(6) == 0)
            {
                schema["propertyNames"] = new JsonObject { ["maxLength"] = 2 };
            }

            return schema;
        }

        private static string Pick(System.Random random, params string[] options) => options[random.Next(options.Length)];
    }
}
