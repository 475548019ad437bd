using System.Text;
using Octavo.ServingRuntime.OpenAI.Answers;

namespace Octavo.ServingRuntime.OpenAI.ToolCalls;

/// <summary>
/// Calls as Llama 3.1 and later write them: the whole answer, or what follows <c>&lt;|python_tag|&gt;</c>, is <c>{"name": "f", "parameters": {...}}</c>; several are
/// separated by semicolons. An answer in JSON that names none of the request's functions is content.
/// </summary>
internal sealed class LlamaJsonParser(Func<string, bool> isFunction) : IToolCallParser
{
    public const string Tag = "<|python_tag|>";

    private readonly TagFinder tags = new(Tag);
    private readonly ContentWriter content = new();
    private readonly StringBuilder raw = new();
    private ToolCallReader call = null!;
    private Mode mode = Mode.Start;

    private enum Mode
    {
        /// <summary>Where a call may begin: at the start, after the tag, after another call.</summary>
        Start,
        Call,
        Text,

        /// <summary>A call turned out malformed after it had begun: the rest is lost.</summary>
        Broken,
    }

    public bool AllWhole { get; private set; } = true;

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
        AllWhole &= mode != Mode.Call;
        if (mode == Mode.Call && call.Begun)
        {
            call.Close();
        }
        else if (mode == Mode.Start || (mode == Mode.Call && !cut))
        {
            content.Write(raw.ToString(), parts);
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
        raw.Append(parts.Calls > 0 ? "" : text.AsSpan(0, text.Length - rest.Length));
        if (rest.Length > 0 && rest[0] == '{')
        {
            call = new ToolCallReader(parts, isFunction, onlyCallMembers: true);
            mode = Mode.Call;
        }
        else if (rest.Length > 0)
        {
            GiveAsText(parts);
        }

        return rest;
    }

    private string ReadCall(string text, AnswerParts parts)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var begun = call.Begun;
            var progress = call.Feed(text[i]);
            if (call.Begun && !begun)
            {
                content.Call();
            }

            switch (progress)
            {
                case JsonProgress.Complete:
                    raw.Clear();
                    mode = Mode.Start;
                    return text[(i + 1)..];
                case JsonProgress.Invalid when call.Begun:
                    call.Close();
                    AllWhole = false;
                    mode = Mode.Broken;
                    return "";
                case JsonProgress.Invalid:
                    GiveAsText(parts);
                    return text[i..];
                default:
                    raw.Append(call.Begun ? "" : text.AsSpan(i, 1));
                    break;
            }
        }

        return "";
    }

    private string ReadText(string text, AnswerParts parts)
    {
        var (before, tag, after) = tags.Take(text);
        content.Write(before, parts);
        if (tag is not null)
        {
            raw.Clear();
            mode = Mode.Start;
        }

        return after;
    }

    private void GiveAsText(AnswerParts parts)
    {
        content.Write(raw.ToString(), parts);
        raw.Clear();
        mode = Mode.Text;
    }
}
