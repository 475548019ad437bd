namespace Octavo.ServingRuntime.OpenAI.ToolCalls;

/// <inheritdoc cref="HermesParser"/>
internal sealed class HermesFormat : ToolCallFormat
{
    public override string Name => "hermes";

    public override IReadOnlyList<string> Marks { get; } = [HermesParser.Begin, HermesParser.End];

    public override IToolCallParser CreateParser(Func<string, bool> isFunction) => new HermesParser();
}
