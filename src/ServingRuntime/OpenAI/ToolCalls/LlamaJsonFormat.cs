using Octavo.ServingRuntime.Engine.StructuredOutput;

namespace Octavo.ServingRuntime.OpenAI.ToolCalls;

/// <inheritdoc cref="LlamaJsonParser"/>
internal sealed class LlamaJsonFormat : ToolCallFormat
{
    private const string Begin = "{\"name\": \"";

    public override string Name => "llama3_json";

    public override IReadOnlyList<string> Marks { get; } = [LlamaJsonParser.Tag];

    public override IToolCallParser CreateParser(Func<string, bool> isFunction) => new LlamaJsonParser(isFunction);

    public override GrammarSpec Calls(IReadOnlyList<CallGrammar> functions, int most)
        => new GrammarSpec.Repeat(CallGrammar.AnyOf(functions.Select(f => Call(f, Begin))), 1, most, "; ");

    public override GrammarSpec.TriggeredPart Triggered(IReadOnlyList<CallGrammar> functions) => new(Begin, CallGrammar.AnyOf(functions.Select(f => Call(f, ""))));

    private static GrammarSpec Call(CallGrammar function, string begin) => function.Between($"{begin}{function.Name}\", \"parameters\": ", "}");
}
