using Octavo.ServingRuntime.Engine.StructuredOutput;
using Octavo.ServingRuntime.Engine.Tokenization;

namespace Octavo.ServingRuntime.OpenAI.ToolCalls;

/// <summary>The way in which a model writes calls.</summary>
internal abstract class ToolCallFormat
{
    /// <summary>As --tool-call-parser names it.</summary>
    public abstract string Name { get; }

    /// <summary>Marks that may be special tokens and must reach the parser all the same.</summary>
    public abstract IReadOnlyList<string> Marks { get; }

    /// <param name="isFunction">Whether the request offers a function of this name.</param>
    public abstract IToolCallParser CreateParser(Func<string, bool> isFunction);

    /// <summary>An answer that is nothing but calls.</summary>
    /// <param name="functions">Those that may be called.</param>
    /// <param name="most">Most calls; at least one must come.</param>
    public abstract GrammarSpec Calls(IReadOnlyList<CallGrammar> functions, int most);

    /// <summary>A call, or what this model writes for several, in the midst of free text.</summary>
    public abstract GrammarSpec.TriggeredPart Triggered(IReadOnlyList<CallGrammar> functions);

    /// <param name="flag">auto, none, or a format's name.</param>
    /// <param name="template">What the model was trained to read tells what it writes.</param>
    /// <returns>Null where calls are not looked for.</returns>
    public static ToolCallFormat? Resolve(string flag, ChatTemplate? template) => flag switch
    {
        "hermes" => new HermesFormat(),
        "llama3_json" => new LlamaJsonFormat(),
        "mistral" => new MistralFormat(template?.Source.Contains(MistralParser.Arguments, StringComparison.Ordinal) ?? false),
        "auto" when template is not null => Detect(template.Source),
        _ => null,
    };

    private static ToolCallFormat? Detect(string template)
        => template.Contains(HermesParser.Begin, StringComparison.Ordinal) ? new HermesFormat()
            : template.Contains(MistralParser.Begin, StringComparison.Ordinal) ? new MistralFormat(template.Contains(MistralParser.Arguments, StringComparison.Ordinal))
            : template.Contains("<|start_header_id|>", StringComparison.Ordinal) && template.Contains("\"parameters\"", StringComparison.Ordinal) ? new LlamaJsonFormat()
            : null;
}
