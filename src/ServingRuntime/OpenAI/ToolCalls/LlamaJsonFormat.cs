namespace Octavo.ServingRuntime.OpenAI.ToolCalls;

/// <inheritdoc cref="LlamaJsonParser"/>
internal sealed class LlamaJsonFormat : ToolCallFormat
{
    public override string Name => "llama3_json";

    public override IReadOnlyList<string> Marks { get; } = [LlamaJsonParser.Tag];

    public override IToolCallParser CreateParser(Func<string, bool> isFunction) => new LlamaJsonParser(isFunction);
}
