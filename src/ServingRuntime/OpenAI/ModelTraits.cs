using System.Text.Json;
using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.ServingRuntime.Engine.Tokenization.Jinja;
using Octavo.ServingRuntime.OpenAI.Reasoning;
using Octavo.ServingRuntime.OpenAI.ToolCalls;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>What a model's template and vocabulary tell of its ways; found out once, when it is loaded.</summary>
internal sealed record ModelTraits
{
    public static ModelTraits None { get; } = new();

    /// <summary>How it writes calls; null where that is not known.</summary>
    public ToolCallFormat? ToolCalls { get; init; }

    /// <summary>How it sets reasoning apart; null where it does not.</summary>
    public ReasoningFormat? Reasoning { get; init; }

    /// <summary>Whether the template writes tools into the prompt.</summary>
    public bool TakesTools { get; init; }

    /// <summary>Whether the template wants a call's arguments as text; most want the object.</summary>
    public bool TakesArgumentsAsText { get; init; }

    /// <summary>Special tokens that the parsers must see.</summary>
    public IReadOnlySet<int> Marks { get; init; } = new HashSet<int>();

    public static ModelTraits Detect(ModelTokenizer model, ServingOptions options)
    {
        var forTools = model.ToolUseTemplate ?? model.ChatTemplate;
        var calls = ToolCallFormat.Resolve(options.ToolCallParser, forTools);
        var reasoning = ReasoningFormat.Resolve(options.ReasoningParser, model);
        IEnumerable<string> marks = [.. calls?.Marks ?? [], .. reasoning is null ? [] : (string[])[reasoning.Begin, reasoning.End]];
        return new ModelTraits
        {
            ToolCalls = calls,
            Reasoning = reasoning,
            TakesTools = forTools?.Names.Contains("tools") ?? false,
            TakesArgumentsAsText = forTools is { } template && !WritesArguments(template, "{\"city\":\"Oslo\"}") && WritesArguments(template, "\"{\\\"city\\\": \\\"Oslo\\\"}\""),
            Marks = marks.Select(model.Tokenizer.TokenToId).OfType<int>().ToHashSet(),
        };
    }

    /// <summary>Whether a call with these arguments comes out of the template as JSON, not as something else and not as a failure.</summary>
    private static bool WritesArguments(ChatTemplate template, string arguments)
    {
        using var messages = JsonDocument.Parse($$$"""
            [{"role": "user", "content": "Hi"},
             {"role": "assistant", "content": null, "tool_calls": [{"id": "abcdefghi", "type": "function", "function": {"name": "weather", "arguments": {{{arguments}}}}}]},
             {"role": "tool", "content": "cold", "tool_call_id": "abcdefghi", "name": "weather"}]
            """);
        try
        {
            return template.Render(messages.RootElement, null, addGenerationPrompt: true, null).Replace(" ", "", StringComparison.Ordinal).Contains("{\"city\":\"Oslo\"}", StringComparison.Ordinal);
        }
        catch (TemplateException)
        {
            // A template that cannot write such a conversation tells nothing.
            return false;
        }
    }
}
