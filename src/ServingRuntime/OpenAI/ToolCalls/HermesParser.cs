using Octavo.ServingRuntime.OpenAI.Answers;

namespace Octavo.ServingRuntime.OpenAI.ToolCalls;

/// <summary>
/// Calls as Hermes and Qwen write them: <c>&lt;tool_call&gt;{"name": "f", "arguments": {...}}&lt;/tool_call&gt;</c>, any number of them; several calls, or a
/// list of them, inside one pair of tags are read too.
/// </summary>
internal sealed class HermesParser : IToolCallParser
{
    public const string Begin = "<tool_call>";
    public const string End = "</tool_call>";

    private readonly TagFinder tags = new(Begin, End);
    private readonly ContentWriter content = new();
    private readonly CallText call;
    private Mode mode = Mode.Text;
    private bool openAsText;

    public HermesParser() => call = new CallText(content);

    private enum Mode
    {
        Text,

        /// <summary>After the opening tag.</summary>
        Opened,
        Call,

        /// <summary>After a call, still inside its tags.</summary>
        After,

        /// <summary>A call turned out malformed after it had begun: all up to the next tag is lost.</summary>
        Broken,
    }

    public bool AllWhole => call.AllWhole;

    public void Append(string text, AnswerParts parts)
    {
        while (text.Length > 0)
        {
            text = mode switch
            {
                Mode.Call => ReadCall(text, parts),
                Mode.Opened => ReadOpened(text, parts),
                Mode.After => ReadAfter(text, parts),
                _ => ReadText(text, parts),
            };
        }
    }

    public void Complete(bool cut, AnswerParts parts)
    {
        if (mode is Mode.Call or Mode.Opened)
        {
            // An unfinished call of which nothing was told: what the model left so is text, what was cut off is dropped.
            if (!call.Close())
            {
                GiveBack(cut, parts);
            }
        }
        else if (mode == Mode.Text)
        {
            content.Write(tags.Flush(cut), parts);
        }

        content.Complete(parts);
    }

    private string ReadText(string text, AnswerParts parts)
    {
        var (before, tag, after) = tags.Take(text);
        if (mode == Mode.Text)
        {
            content.Write(before, parts);
        }

        if (tag == Begin)
        {
            call.Forget();
            call.Keep(Begin);
            mode = Mode.Opened;
        }
        else if (tag == End)
        {
            if (openAsText)
            {
                content.Write(End, parts);
            }

            openAsText = false;
            mode = Mode.Text;
        }

        return after;
    }

    private string ReadOpened(string text, AnswerParts parts)
    {
        var rest = text.TrimStart(' ', '\t', '\r', '\n', '[');
        call.Keep(text.AsSpan(0, text.Length - rest.Length));
        if (rest.Length > 0 && rest[0] == '{')
        {
            BeginCall(parts);
        }
        else if (rest.Length > 0)
        {
            GiveAsText(parts);
        }

        return rest;
    }

    private string ReadAfter(string text, AnswerParts parts)
    {
        // A brace too many is a common slip of small models.
        var rest = text.TrimStart(' ', '\t', '\r', '\n', ',', ']', '}');
        if (rest.Length > 0 && rest[0] == '{')
        {
            BeginCall(parts);
        }
        else if (rest.Length > 0)
        {
            mode = Mode.Text;
        }

        return rest;
    }

    private string ReadCall(string text, AnswerParts parts)
    {
        var outcome = call.Read(text, parts, out var rest);
        openAsText |= outcome == CallText.Outcome.NoCall;
        mode = outcome switch
        {
            CallText.Outcome.Whole => Mode.After,
            CallText.Outcome.Broken => Mode.Broken,
            CallText.Outcome.NoCall => Mode.Text,
            _ => mode,
        };
        return rest;
    }

    private void BeginCall(AnswerParts parts)
    {
        call.Begin(new ToolCallReader(parts, FunctionName.IsValid));
        mode = Mode.Call;
    }

    private void GiveBack(bool cut, AnswerParts parts)
    {
        if (cut)
        {
            content.Call();
        }
        else
        {
            call.GiveBack(parts);
        }
    }

    private void GiveAsText(AnswerParts parts)
    {
        call.GiveBack(parts);
        openAsText = true;
        mode = Mode.Text;
    }
}
