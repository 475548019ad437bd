namespace Octavo.ServingRuntime.OpenAI.ToolCalls;

/// <inheritdoc cref="MistralParser"/>
/// <param name="named">Whether the model writes the newer form, a tag and a name for each call; both are always read.</param>
internal sealed class MistralFormat(bool named) : ToolCallFormat
{
    public override string Name => "mistral";

    public bool Named => named;

    public override IReadOnlyList<string> Marks { get; } = [MistralParser.Begin, MistralParser.Arguments, MistralParser.CallId];

    public override IToolCallParser CreateParser(Func<string, bool> isFunction) => new MistralParser();
}
