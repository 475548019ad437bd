using System.Globalization;
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
        globals.Set("raise_exception", (TemplateFunction)(arguments =>
            throw new TemplateException(TemplateFault.Raised, TemplateValue.ToText(arguments.Get(0, "message")))));
        globals.Set("strftime_now", (TemplateFunction)(arguments => Strftime(timeProvider.GetLocalNow(), arguments.RequireText(0, "format"))));
        globals.Set("namespace", (TemplateFunction)(arguments =>
        {
            var space = new TemplateNamespace();
            foreach (var (name, value) in arguments.Named)
            {
                space.Attributes[name] = value;
            }

            return space;
        }));
        globals.Set("dict", (TemplateFunction)(arguments =>
        {
            var dictionary = new TemplateDictionary();
            foreach (var (name, value) in arguments.Named)
            {
                dictionary[name] = value;
            }

            return dictionary;
        }));
        globals.Set("range", (TemplateFunction)(arguments => Range(arguments, budget)));
    }

    private static List<object?> Range(CallArguments arguments, RenderBudget budget)
    {
        var first = arguments.Integer(0, "start", 0);
        var (start, stop) = arguments.Positional.Count > 1 ? (first, arguments.Integer(1, "stop", 0)) : (0, first);
        var step = arguments.Integer(2, "step", 1);
        if (step == 0)
        {
            throw TemplateValue.Error("the step of a range cannot be zero");
        }

        var output = new List<object?>();
        for (var i = start; step > 0 ? i < stop : i > stop; i = checked(i + step))
        {
            budget.Step();
            output.Add(i);
        }

        return output;
    }

    /// <summary>C's strftime for the fields that templates use.</summary>
    private static string Strftime(DateTimeOffset now, string format)
    {
        var output = new System.Text.StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                output.Append(format[i]);
                continue;
            }

            var padded = format[++i] != '-';
            if (!padded && i + 1 < format.Length)
            {
                i++;
            }

            var field = format[i] switch
            {
                'd' => now.ToString("dd", CultureInfo.InvariantCulture),
                'm' => now.ToString("MM", CultureInfo.InvariantCulture),
                'y' => now.ToString("yy", CultureInfo.InvariantCulture),
                'Y' => now.ToString("yyyy", CultureInfo.InvariantCulture),
                'b' => now.ToString("MMM", CultureInfo.InvariantCulture),
                'B' => now.ToString("MMMM", CultureInfo.InvariantCulture),
                'a' => now.ToString("ddd", CultureInfo.InvariantCulture),
                'A' => now.ToString("dddd", CultureInfo.InvariantCulture),
                'H' => now.ToString("HH", CultureInfo.InvariantCulture),
                'I' => now.ToString("hh", CultureInfo.InvariantCulture),
                'M' => now.ToString("mm", CultureInfo.InvariantCulture),
                'S' => now.ToString("ss", CultureInfo.InvariantCulture),
                'p' => now.ToString("tt", CultureInfo.InvariantCulture),
                'j' => now.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
                'F' => now.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                'T' => now.ToString("HH:mm:ss", CultureInfo.InvariantCulture),
                '%' => "%",
                var other => throw TemplateValue.Error($"strftime_now does not know %{other}"),
            };
            output.Append(padded ? field : field.TrimStart('0') is { Length: > 0 } trimmed ? trimmed : "0");
        }

        return output.ToString();
    }
}
