namespace Octavo.ServingRuntime.Engine.StructuredOutput;

/// <summary>
/// What an output must look like; a small tree that composes. Text is checked when it is compiled, not here. The whole output is matched: nothing before, nothing after.
/// </summary>
public abstract record GrammarSpec
{
    private protected GrammarSpec()
    {
    }

    /// <summary>Any JSON object (<c>response_format: json_object</c>).</summary>
    public sealed record JsonObject : GrammarSpec
    {
        /// <summary>No white space between tokens of JSON. By default one space, or a line break and its indentation, is allowed where JSON allows any.</summary>
        public bool DisableAnyWhitespace { get; init; }
    }

    /// <summary>A JSON value that validates against a JSON Schema (draft 2020-12). What cannot be enforced is refused by name.</summary>
    /// <param name="Schema">The schema as JSON text.</param>
    public sealed record JsonSchema(string Schema) : GrammarSpec
    {
        /// <inheritdoc cref="JsonObject.DisableAnyWhitespace"/>
        public bool DisableAnyWhitespace { get; init; }
    }

    /// <summary>A regular expression in the subset that Python and ECMAScript share, matched as a whole.</summary>
    public sealed record Regex(string Pattern) : GrammarSpec;

    /// <summary>One of several texts; one may be a prefix of another.</summary>
    public sealed record Choice(IReadOnlyList<string> Options) : GrammarSpec;

    /// <summary>A context-free grammar: GBNF or xgrammar's EBNF (<c>root ::= ...</c>), or basic Lark (<c>start: ...</c>).</summary>
    public sealed record Ebnf(string Text) : GrammarSpec;

    /// <summary>Exactly this text. Where a part of it is an added token of the tokenizer ("[TOOL_CALLS]"), that token stands for it, as the model writes it.</summary>
    public sealed record Literal(string Text) : GrammarSpec;

    /// <summary>One after the other.</summary>
    public sealed record Sequence(IReadOnlyList<GrammarSpec> Parts) : GrammarSpec;

    /// <summary>Any one of them.</summary>
    public sealed record Alternation(IReadOnlyList<GrammarSpec> Options) : GrammarSpec;

    /// <summary>Several in a row.</summary>
    /// <param name="Part">What is repeated.</param>
    /// <param name="Min">Least number.</param>
    /// <param name="Max">Most; null: no limit.</param>
    /// <param name="Separator">Text between two.</param>
    public sealed record Repeat(GrammarSpec Part, int Min, int? Max, string Separator = "") : GrammarSpec;

    /// <summary>Any text (also special tokens) up to and with the first occurrence of a trigger. The model is free until then.</summary>
    public sealed record FreeTextUntil(string Trigger) : GrammarSpec;

    /// <summary>Any text; but where one of the triggers has been written, its continuation must follow, and after that the text is free again. The output may end wherever the text is free.</summary>
    public sealed record TriggeredText(IReadOnlyList<TriggeredPart> Parts) : GrammarSpec;

    /// <summary>The model thinks freely up to <paramref name="EndMarker"/>, may then break the line at most twice, and answers by <paramref name="Answer"/>.</summary>
    public sealed record AfterReasoning(string EndMarker, GrammarSpec Answer) : GrammarSpec;

    /// <param name="Trigger">The text that starts it; free text otherwise never contains it.</param>
    /// <param name="Continuation">What follows the trigger.</param>
    public sealed record TriggeredPart(string Trigger, GrammarSpec Continuation);
}
