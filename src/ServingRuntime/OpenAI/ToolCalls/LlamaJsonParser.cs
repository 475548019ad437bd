using Octavo.ServingRuntime.OpenAI.Answers;

namespace Octavo.ServingRuntime.OpenAI.ToolCalls;

/// <summary>
/// Calls as Llama 3.1 and later write them: the whole answer, or what follows <c>&lt;|python_tag|&gt;</c>, is <c>{"name": "f", "parameters": {...}}</c>; several are
/// separated by semicolons. An answer in JSON that names none of the request's functions is content.
/// </summary>
internal sealed class LlamaJsonParser : IToolCallParser
{
    public const string Tag = "<|python_tag|>";

    private readonly TagFinder tags = new(Tag);
    private readonly ContentWriter content = new();
    private readonly Func<string, bool> isFunction;
    private readonly CallText call;
    private Mode mode = Mode.Start;

    public LlamaJsonParser(Func<string, bool> isFunction)
    {
        this.isFunction = isFunction;
        call = new CallText(content);
    }

    private enum Mode
    {
        /// <summary>Where a call may begin: at the start, after the tag, after another call.</summary>
        Start,
        Call,
        Text,

        /// <summary>A call turned out malformed after it had begun: the rest is lost.</summary>
        Broken,
    }

    public bool AllWhole => call.AllWhole;

    public void Append(string text, AnswerParts parts)
    {
        while (text.Length > 0)
        {
            text = mode switch
            {
                Mode.Start => ReadStart(text, parts),
                Mode.Call => ReadCall(text, parts),
                Mode.Text => ReadText(text, parts),
                _ => "",
            };
        }
    }

    public void Complete(bool cut, AnswerParts parts)
    {
        if (mode == Mode.Start || (mode == Mode.Call && !call.Close() && !cut))
        {
            call.GiveBack(parts);
        }
        else if (mode == Mode.Text)
        {
            content.Write(tags.Flush(cut), parts);
        }

        content.Complete(parts);
    }

    private string ReadStart(string text, AnswerParts parts)
    {
        var rest = text.TrimStart([' ', '\t', '\r', '\n', .. parts.Calls > 0 ? ";," : ""]);
        call.Keep(parts.Calls > 0 ? "" : text.AsSpan(0, text.Length - rest.Length));
        if (rest.Length > 0 && rest[0] == '{')
        {
            call.Begin(new ToolCallReader(parts, isFunction, onlyCallMembers: true));
            mode = Mode.Call;
        }
        else if (rest.Length > 0)
        {
            call.GiveBack(parts);
            mode = Mode.Text;
        }

        return rest;
    }

    private string ReadCall(string text, AnswerParts parts)
    {
        mode = call.Read(text, parts, out var rest) switch
        {
            CallText.Outcome.Whole => Mode.Start,
            CallText.Outcome.Broken => Mode.Broken,
            CallText.Outcome.NoCall => Mode.Text,
            _ => mode,
        };
        return rest;
    }

    private string ReadText(string text, AnswerParts parts)
    {
        var (before, tag, after) = tags.Take(text);
        content.Write(before, parts);
        if (tag is not null)
        {
            call.Forget();
            mode = Mode.Start;
        }

        return after;
    }
}
