using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Octavo.ServingRuntime.Engine.Tests.ModelLoader;

/// <summary>A JSON text with something wrong in it: values of other types and sizes, missing and doubled members, depth, and damage to single characters.</summary>
internal static class JsonMutations
{
    private static readonly string[] Values =
    [
        "null", "true", "false", "0", "-1", "1", "2", "3", "-0.0", "0.5", "1e308", "1e999", "-1e999", "2147483647", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808",
        "99999999999999999999999999999999", "\"\"", "\"text\"", "\"\\ud800\"", "\"\\u0000\"", "[]", "{}", "[1]", "[null]", "[[]]", "[-1, 2]", "{\"a\": 1}", "NaN", "Infinity", "\"NaN\"",
        new string('[', 80) + new string(']', 80), "[" + string.Join(",", Enumerable.Repeat("1", 3000)) + "]", "[2147483647, 2147483647, 2147483647]", "[0, 0]", "[16, 8]", "[8, 24]",
    ];

    public static string Mutate(string json, Random random, params string[] strings)
    {
        var text = json;
        for (var rounds = random.Next(1, 4); rounds > 0; rounds--)
        {
            text = random.Next(5) switch
            {
                0 => Damage(text, random),
                1 => Double(text, random),
                _ => Replace(text, random, strings),
            };
        }

        return text;
    }

    private static string Replace(string json, Random random, string[] strings)
    {
        try
        {
            return ReplaceValue(json, random, strings);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair is in it already, which cannot be written again.
            return Damage(json, random);
        }
    }

    private static string ReplaceValue(string json, Random random, string[] strings)
    {
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(json);
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            // Damaged already.
            return Damage(json, random);
        }

        const string Mark = "~mark~";
        var places = new List<(JsonNode Owner, object Key)>();
        try
        {
            Collect(root, places);
        }
        catch (ArgumentException)
        {
            // A member is there twice already.
            return Damage(json, random);
        }

        if (places.Count == 0)
        {
            return Values[random.Next(Values.Length)];
        }

        var (owner, key) = places[random.Next(places.Count)];
        if (random.Next(8) == 0)
        {
            if (owner is JsonObject fields)
            {
                fields.Remove((string)key);
            }
            else
            {
                owner.AsArray().RemoveAt((int)key);
            }

            return root!.ToJsonString();
        }

        if (owner is JsonObject members)
        {
            members[(string)key] = Mark;
        }
        else
        {
            owner.AsArray()[(int)key] = Mark;
        }

        var value = strings.Length > 0 && random.Next(2) == 0 ? JsonSerializer.Serialize(strings[random.Next(strings.Length)]) : Values[random.Next(Values.Length)];
        return root!.ToJsonString().Replace($"\"{Mark}\"", value, StringComparison.Ordinal);
    }

    private static void Collect(JsonNode? node, List<(JsonNode, object)> places)
    {
        if (node is JsonObject fields)
        {
            foreach (var (name, value) in fields)
            {
                places.Add((node, name));
                Collect(value, places);
            }
        }
        else if (node is JsonArray items)
        {
            for (var i = 0; i < items.Count; i++)
            {
                places.Add((node, i));
                Collect(items[i], places);
            }
        }
    }

    /// <summary>A member twice.</summary>
    private static string Double(string json, Random random)
    {
        var starts = Enumerable.Range(0, json.Length).Where(i => json[i] == '{').ToList();
        if (starts.Count == 0)
        {
            return json;
        }

        var at = starts[random.Next(starts.Count)] + 1;
        var end = json.IndexOf(':', at);
        return end < 0 ? json : json.Insert(at, json[at..(end + 1)] + Values[random.Next(Values.Length)] + ",");
    }

    private static string Damage(string json, Random random)
    {
        if (json.Length == 0)
        {
            return "{";
        }

        var at = random.Next(json.Length);
        return random.Next(5) switch
        {
            0 => json[..at],
            1 => json.Remove(at, 1),
            2 => json.Insert(at, ((char)random.Next(1, 256)).ToString()),
            3 => json[..at] + (char)random.Next(32, 127) + json[(at + 1)..],
            _ => new StringBuilder(json).Append(json.AsSpan(at)).ToString(),
        };
    }
}
