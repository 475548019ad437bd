using System.Text.Json.Nodes;

namespace Octavo.ServingRuntime.Engine.Tests.Tokenization.TemplateFuzzing;

/// <summary>Conversations as clients send them, the odd ones too, and the variables beside them.</summary>
internal sealed class ConversationGenerator(Random random)
{
    private static readonly string[] Texts =
    [
        "hello", "", " leading and trailing \n", "line one\nline two\n", "é 𝕏 漢字 🙂 ß", "<think>reasoning</think>answer", "</think>\n\nrest", "it's \"quoted\" \\ back", "{{ not a template }}",
        "a\tb\r\nc", "1234", "<|im_end|>", "null", "\u00a0nbsp\u200b", "TOOL: x", "x <tool_call> y",
    ];

    private static readonly string[] Roles = ["user", "assistant", "system", "tool", "developer", "ipython", "observation", "function", "User", ""];

    public JsonObject Variables()
    {
        var variables = new JsonObject { ["messages"] = Messages(), ["tools"] = Chance(3) ? Tools() : null, ["documents"] = Chance(6) ? Documents() : null, ["add_generation_prompt"] = Chance(2) };
        foreach (var name in (ReadOnlySpan<string>)["enable_thinking", "thinking", "continue_final_message", "add_vision_id", "date_string", "reasoning_effort", "tools_in_user_message", "builtin_tools", "model_identity"])
        {
            if (Chance(5))
            {
                variables[name] = random.Next(6) switch { 0 => true, 1 => false, 2 => null, 3 => "low", 4 => Text(), _ => new JsonArray("python", "browser") };
            }
        }

        return variables;
    }

    public string Text() => Texts[random.Next(Texts.Length)];

    public JsonNode? Value(int depth = 0) => random.Next(depth > 2 ? 6 : 8) switch
    {
        0 => Text(),
        1 => random.Next(-3, 1000),
        2 => random.NextDouble() < 0.5 ? 0.1 : 1e21,
        3 => Chance(2),
        4 => null,
        5 => "é\"x",
        6 => new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => Value(depth + 1))]),
        _ => Dictionary(depth + 1),
    };

    private bool Chance(int one) => random.Next(one) == 0;

    private JsonObject Dictionary(int depth)
    {
        var dictionary = new JsonObject();
        foreach (var name in (ReadOnlySpan<string>)["name", "b", "A", "type", "items", "k é"])
        {
            if (Chance(3))
            {
                dictionary[name] = Value(depth + 1);
            }
        }

        return dictionary;
    }

    private JsonArray Messages()
    {
        var messages = new JsonArray();
        if (Chance(3))
        {
            messages.Add(new JsonObject { ["role"] = "system", ["content"] = Text() });
        }

        var ordered = !Chance(4);
        var count = random.Next(ordered ? 1 : 0, 6);
        for (var i = 0; i < count; i++)
        {
            messages.Add(Message(ordered ? (i % 2 == 0 ? "user" : "assistant") : Roles[random.Next(Roles.Length)]));
        }

        return messages;
    }

    private JsonObject Message(string role)
    {
        var message = new JsonObject { ["role"] = role };
        switch (random.Next(12))
        {
            case 0:
                break;
            case 1:
                message["content"] = null;
                break;
            case 2:
                message["content"] = new JsonArray(
                    new JsonObject { ["type"] = "text", ["text"] = Text() },
                    Chance(2) ? new JsonObject { ["type"] = "image" } : new JsonObject { ["type"] = "text", ["text"] = Text() });
                break;
            case 3:
                message["content"] = Value();
                break;
            default:
                message["content"] = Text();
                break;
        }

        if (role == "assistant" && Chance(4))
        {
            message["reasoning_content"] = Chance(4) ? null : Text();
        }

        if (role == "assistant" && Chance(4))
        {
            message["tool_calls"] = Chance(6) ? null : new JsonArray([.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => Call())]);
        }

        if (role is "tool" or "function" or "observation" && Chance(2))
        {
            message["name"] = "get_weather";
            message["tool_call_id"] = "abcdef123";
        }

        return message;
    }

    private JsonNode Call()
    {
        var function = new JsonObject { ["name"] = "get_weather", ["arguments"] = Chance(3) ? "{\"city\": \"Zürich\"}" : Dictionary(1) };
        return Chance(6) ? function : new JsonObject { ["id"] = "abcdef123", ["type"] = "function", ["function"] = function };
    }

    private JsonArray Tools() => new([.. Enumerable.Range(0, random.Next(3)).Select(i => (JsonNode)new JsonObject
    {
        ["type"] = "function",
        ["function"] = new JsonObject
        {
            ["name"] = $"tool_{i}",
            ["description"] = Text(),
            ["parameters"] = new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject
                {
                    ["city"] = new JsonObject { ["type"] = "string", ["description"] = Text(), ["enum"] = new JsonArray("a", "b") },
                    ["days"] = Chance(2) ? new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "integer" } } : new JsonObject { ["type"] = "integer", ["default"] = 3 },
                },
                ["required"] = new JsonArray("city"),
            },
        },
    })]);

    private JsonArray Documents() => new(new JsonObject { ["title"] = Text(), ["text"] = Text() }, new JsonObject { ["text"] = Text() });
}
