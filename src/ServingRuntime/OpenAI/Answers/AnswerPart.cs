namespace Octavo.ServingRuntime.OpenAI.Answers;

/// <summary>What a piece of an answer is.</summary>
internal enum AnswerPartKind
{
    Content,
    Reasoning,

    /// <summary>A tool call begins; the text is the function's name.</summary>
    ToolCall,

    /// <summary>More of a call's arguments, as JSON text.</summary>
    Arguments,
}

/// <summary>A piece of an answer. Pieces of one kind (and of one call) concatenate.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Never empty.</param>
/// <param name="Call">Which of the answer's calls, from 0.</param>
internal readonly record struct AnswerPart(AnswerPartKind Kind, string Text, int Call = 0);
