using System.Text.Json;
using Octavo.ServingRuntime.Engine.Tokenization.Jinja;

namespace Octavo.ServingRuntime.Engine.Tokenization;

/// <summary>
/// A model's chat template: Jinja as transformers runs it, interpreted here within limits of steps, time and output, without any way to the host. Parsed once,
/// rendered by any thread.
/// </summary>
public sealed class ChatTemplate
{
    private readonly IReadOnlyList<Statement> template;
    private readonly IReadOnlyDictionary<string, string> specialTokens;
    private readonly TemplateLimits limits;
    private readonly TimeProvider timeProvider;

    /// <param name="source">The template's text.</param>
    /// <param name="specialTokens">bos_token, eos_token and the like; those that are absent are undefined in the template.</param>
    /// <param name="limits">Limits of one rendering.</param>
    /// <param name="timeProvider">Clock of strftime_now and of the time limit.</param>
    /// <exception cref="TemplateException">The template is malformed.</exception>
    public ChatTemplate(string source, IReadOnlyDictionary<string, string> specialTokens, TemplateLimits limits, TimeProvider timeProvider)
    {
        template = TemplateParser.Parse(source);
        Source = source;
        Names = TemplateLexer.Tokenize(source).Where(token => token.Kind == TokenKind.Name).Select(token => token.Text).ToHashSet(StringComparer.Ordinal);
        this.specialTokens = specialTokens;
        this.limits = limits;
        this.timeProvider = timeProvider;
    }

    /// <summary>The template's text.</summary>
    public string Source { get; }

    /// <summary>Every name that the template uses, of variables and others: one that is missing here cannot change what it writes.</summary>
    public IReadOnlySet<string> Names { get; }

    /// <summary>Another template for the same model, under the same limits.</summary>
    /// <exception cref="TemplateException">The template is malformed.</exception>
    public ChatTemplate WithSource(string source) => new(source, specialTokens, limits, timeProvider);

    /// <summary>The prompt of a conversation.</summary>
    /// <param name="messages">An array of messages as a client sends them.</param>
    /// <param name="tools">An array of tools; null: none.</param>
    /// <param name="addGenerationPrompt">Whether the head of the assistant's turn is added.</param>
    /// <param name="variables">Further variables (chat_template_kwargs); they cannot replace the ones above.</param>
    /// <exception cref="TemplateException">The template refuses the conversation, fails on it, or reaches a limit.</exception>
    public string Render(JsonElement messages, JsonElement? tools, bool addGenerationPrompt, JsonElement? variables)
    {
        var globals = new TemplateScope(null);
        var budget = new RenderBudget(limits, timeProvider);
        DefineFunctions(globals, budget);
        foreach (var (name, token) in specialTokens)
        {
            globals.Set(name, token);
        }

        globals.Set("documents", null);
        if (variables is { ValueKind: JsonValueKind.Object } given)
        {
            foreach (var property in given.EnumerateObject())
            {
                globals.Set(property.Name, TemplateJson.FromJson(property.Value));
            }
        }

        globals.Set("messages", TemplateJson.FromJson(messages));
        globals.Set("tools", tools is { ValueKind: JsonValueKind.Array } list ? TemplateJson.FromJson(list) : null);
        globals.Set("add_generation_prompt", addGenerationPrompt);
        return new TemplateInterpreter(globals, budget).Render(template);
    }

    private void DefineFunctions(TemplateScope globals, RenderBudget budget)
    {
        void Define(string name, Func<CallArguments, object?> function) => globals.Set(name, new TemplateFunction(null, function));
        Define("raise_exception", arguments => throw new TemplateException(TemplateFault.Raised, TemplateText.Of(arguments.Expect(1, 1, "message").Get(0, "message"))));
        Define("strftime_now", arguments => TemplateClock.Format(timeProvider.GetLocalNow(), arguments.Expect(1, 1, "format").RequireText(0, "format")));
        Define("namespace", arguments =>
        {
            var space = new TemplateNamespace();
            Fill(space.Attributes, arguments);
            return space;
        });
        Define("dict", arguments =>
        {
            var dictionary = new TemplateDictionary();
            Fill(dictionary, arguments);
            return dictionary;
        });
        Define("range", arguments => Range(arguments.Expect(1, 3), budget));
        Define("joiner", arguments =>
        {
            var separator = arguments.Expect(0, 1, "sep").TryGet(0, "sep", out var given) ? given : ", ";
            var used = false;
            return new TemplateFunction(null, _ =>
            {
                var text = used ? separator : "";
                used = true;
                return text;
            });
        });
        foreach (var name in (ReadOnlySpan<string>)["cycler", "lipsum"])
        {
            Define(name, _ => throw TemplateValue.Error($"'{name}' is not supported"));
        }
    }

    /// <summary>dict(mapping or pairs, name=value).</summary>
    private static void Fill(TemplateDictionary dictionary, CallArguments arguments)
    {
        arguments = new CallArguments("dict", [.. arguments.Positional], arguments.Named);
        if (arguments.Positional.Count > 1)
        {
            throw TemplateValue.Error("dict and namespace take one mapping and names");
        }

        foreach (var source in arguments.Positional)
        {
            var pairs = source is TemplateDictionary given ? new TemplateView("items", given).Items : TemplateValue.Iterate(source);
            foreach (var pair in pairs)
            {
                var items = TemplateValue.Iterate(pair).Take(3).ToList();
                dictionary.Set(items.Count == 2 ? items[0] : throw TemplateValue.Error("dict needs pairs"), items[1]);
            }
        }

        foreach (var (name, value) in arguments.Named)
        {
            dictionary.Set(name, value);
        }
    }

    /// <summary>The sandbox's range: of 100 000 items at most.</summary>
    private static TemplateRange Range(CallArguments arguments, RenderBudget budget)
    {
        var first = arguments.Integer(0, "start", 0);
        var (start, stop) = arguments.Positional.Count > 1 ? (first, arguments.Integer(1, "stop", 0)) : (0, first);
        var step = arguments.Integer(2, "step", 1);
        var range = step != 0 ? new TemplateRange(start, stop, step) : throw TemplateValue.Error("the step of a range cannot be zero");
        budget.Step();
        return range.Count <= 100_000 ? range : throw new TemplateException(TemplateFault.Limit, "a range may have 100000 items at most");
    }
}
