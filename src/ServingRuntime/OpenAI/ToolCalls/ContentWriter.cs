using Octavo.ServingRuntime.OpenAI.Answers;

namespace Octavo.ServingRuntime.OpenAI.ToolCalls;

/// <summary>Content around calls: white space is held until it is known that no call stands next to it.</summary>
internal sealed class ContentWriter
{
    private string held = "";
    private bool afterCall;

    public void Write(string text, AnswerParts parts)
    {
        var all = held + text;
        if (afterCall)
        {
            all = all.TrimStart();
            afterCall = all.Length == 0;
        }

        var end = all.AsSpan().TrimEnd().Length;
        parts.Content(all.AsSpan(0, end));
        held = all[end..];
    }

    /// <summary>A call stands here.</summary>
    public void Call()
    {
        held = "";
        afterCall = true;
    }

    public void Complete(AnswerParts parts)
    {
        parts.Content(held);
        held = "";
    }
}
