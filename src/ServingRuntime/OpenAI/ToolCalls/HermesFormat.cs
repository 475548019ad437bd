using Octavo.ServingRuntime.Engine.StructuredOutput;

namespace Octavo.ServingRuntime.OpenAI.ToolCalls;

/// <inheritdoc cref="HermesParser"/>
internal sealed class HermesFormat : ToolCallFormat
{
    public override string Name => "hermes";

    public override IReadOnlyList<string> Marks { get; } = [HermesParser.Begin, HermesParser.End];

    public override IToolCallParser CreateParser(Func<string, bool> isFunction) => new HermesParser();

    public override GrammarSpec Calls(IReadOnlyList<CallGrammar> functions, int most)
        => new GrammarSpec.Repeat(CallGrammar.AnyOf(functions.Select(f => Call(f, HermesParser.Begin))), 1, most, "\n");

    public override GrammarSpec.TriggeredPart Triggered(IReadOnlyList<CallGrammar> functions)
        => new(HermesParser.Begin, CallGrammar.AnyOf(functions.Select(f => Call(f, ""))));

    private static GrammarSpec Call(CallGrammar function, string begin)
        => function.Between($"{begin}\n{{\"name\": \"{function.Name}\", \"arguments\": ", $"}}\n{HermesParser.End}");
}
