namespace Octavo.ServingRuntime.Engine.StructuredOutput;

/// <summary>A constraint cannot be compiled. The message is meant for the client, and names the place at fault.</summary>
public sealed class GrammarException(string message, GrammarFault fault = GrammarFault.Invalid) : Exception(message)
{
    public GrammarFault Fault { get; } = fault;

    /// <summary>Whether it would fail again: not where the clock decided.</summary>
    internal bool IsRepeatable { get; init; } = fault != GrammarFault.Busy;
}
