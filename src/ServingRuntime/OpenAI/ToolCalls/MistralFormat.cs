using Octavo.ServingRuntime.Engine.StructuredOutput;

namespace Octavo.ServingRuntime.OpenAI.ToolCalls;

/// <inheritdoc cref="MistralParser"/>
/// <param name="named">Whether the model writes the newer form, a tag and a name for each call; both are always read.</param>
internal sealed class MistralFormat(bool named) : ToolCallFormat
{
    public override string Name => "mistral";

    public override IReadOnlyList<string> Marks { get; } = [MistralParser.Begin, MistralParser.Arguments, MistralParser.CallId];

    public override IToolCallParser CreateParser(Func<string, bool> isFunction) => new MistralParser();

    public override GrammarSpec Calls(IReadOnlyList<CallGrammar> functions, int most)
        => named
            ? new GrammarSpec.Repeat(CallGrammar.AnyOf(functions.Select(f => NamedCall(f, MistralParser.Begin))), 1, most)
            : new GrammarSpec.Sequence([new GrammarSpec.Literal(MistralParser.Begin), List(functions, most)]);

    public override GrammarSpec.TriggeredPart Triggered(IReadOnlyList<CallGrammar> functions)
        => new(MistralParser.Begin, named ? CallGrammar.AnyOf(functions.Select(f => NamedCall(f, ""))) : List(functions, 16));

    private static GrammarSpec NamedCall(CallGrammar function, string begin) => function.Between(begin + function.Name + MistralParser.Arguments, "");

    private static GrammarSpec List(IReadOnlyList<CallGrammar> functions, int most)
        => new GrammarSpec.Sequence(
        [
            new GrammarSpec.Literal(" ["),
            new GrammarSpec.Repeat(CallGrammar.AnyOf(functions.Select(f => f.Between($"{{\"name\": \"{f.Name}\", \"arguments\": ", "}"))), 1, most, ", "),
            new GrammarSpec.Literal("]"),
        ]);
}
