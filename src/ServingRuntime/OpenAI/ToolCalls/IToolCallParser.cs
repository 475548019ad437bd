using Octavo.ServingRuntime.OpenAI.Answers;

namespace Octavo.ServingRuntime.OpenAI.ToolCalls;

/// <summary>
/// Finds the calls in the text of one answer while it comes. What is found depends on the text alone, not on how it was cut into pieces. Text around calls is
/// content, without the white space next to them; a tag and what is in it never is, whole or in part, unless what it holds proves to be no call.
/// </summary>
internal interface IToolCallParser
{
    /// <summary>Whether every call found so far is as the model meant it: none was closed early or dropped as malformed.</summary>
    bool AllWhole { get; }

    void Append(string text, AnswerParts parts);

    /// <summary>No more text comes.</summary>
    /// <param name="cut">It was cut off by a limit, not ended by the model: then a begun call that nothing was told of is dropped.</param>
    /// <param name="parts">Where the rest goes.</param>
    void Complete(bool cut, AnswerParts parts);
}
