using System.Text;

namespace Octavo.ServingRuntime.OpenAI.Answers;

/// <summary>Collects what parsers find in a piece of text; neighbours of one kind become one part.</summary>
internal sealed class AnswerParts
{
    private readonly List<AnswerPart> parts = [];
    private readonly StringBuilder pending = new();
    private AnswerPartKind pendingKind;
    private int calls;

    /// <summary>Calls begun so far in the whole answer.</summary>
    public int Calls => calls;

    public void Content(ReadOnlySpan<char> text) => Append(AnswerPartKind.Content, text);

    public void Reasoning(ReadOnlySpan<char> text) => Append(AnswerPartKind.Reasoning, text);

    public void BeginCall(string name)
    {
        Settle();
        parts.Add(new AnswerPart(AnswerPartKind.ToolCall, name, calls++));
    }

    /// <summary>Arguments of the call begun last.</summary>
    public void Arguments(ReadOnlySpan<char> text) => Append(AnswerPartKind.Arguments, text);

    /// <summary>What was added since the last time.</summary>
    public IReadOnlyList<AnswerPart> Take()
    {
        Settle();
        if (parts.Count == 0)
        {
            return [];
        }

        AnswerPart[] taken = [.. parts];
        parts.Clear();
        return taken;
    }

    private void Append(AnswerPartKind kind, ReadOnlySpan<char> text)
    {
        if (text.Length == 0)
        {
            return;
        }

        if (kind != pendingKind)
        {
            Settle();
            pendingKind = kind;
        }

        pending.Append(text);
    }

    private void Settle()
    {
        if (pending.Length > 0)
        {
            parts.Add(new AnswerPart(pendingKind, pending.ToString(), pendingKind == AnswerPartKind.Arguments ? calls - 1 : 0));
            pending.Clear();
        }
    }
}
