using Octavo.ServingRuntime.OpenAI.Reasoning;
using Octavo.ServingRuntime.OpenAI.ToolCalls;

namespace Octavo.ServingRuntime.OpenAI.Answers;

/// <summary>What the text of a request's answers may hold.</summary>
internal sealed record AnswerFormat
{
    /// <summary>Text and nothing else.</summary>
    public static AnswerFormat Plain { get; } = new();

    public ReasoningFormat? Reasoning { get; init; }

    public ReasoningStart ReasoningStart { get; init; }

    /// <summary>Whether the client wants to see the reasoning.</summary>
    public bool IncludeReasoning { get; init; } = true;

    /// <summary>How calls are written; null where none may come.</summary>
    public ToolCallFormat? ToolCalls { get; init; }

    /// <summary>The functions that may be called.</summary>
    public IReadOnlySet<string> Functions { get; init; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Whether an answer may hold more than one call; without it all but the first are dropped.</summary>
    public bool ParallelToolCalls { get; init; } = true;

    /// <summary>The client named the function, so that a call is no news: as with OpenAI the finish reason is then "stop".</summary>
    public bool FunctionIsNamed { get; init; }
}
