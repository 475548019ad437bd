using System.Text;
using Octavo.ServingRuntime.OpenAI.Answers;

namespace Octavo.ServingRuntime.OpenAI.ToolCalls;

/// <summary>
/// Calls as Mistral's models write them: <c>[TOOL_CALLS] [{"name": "f", "arguments": {...}}, ...]</c>, and since v11 <c>[TOOL_CALLS]f[ARGS]{...}</c>, one tag a call,
/// with an optional <c>[CALL_ID]</c> between.
/// </summary>
internal sealed class MistralParser : IToolCallParser
{
    public const string Begin = "[TOOL_CALLS]";
    public const string Arguments = "[ARGS]";
    public const string CallId = "[CALL_ID]";

    private readonly TagFinder tags = new(Begin);
    private readonly ContentWriter content = new();
    private readonly StringBuilder raw = new();
    private readonly StringBuilder head = new();
    private ToolCallReader call = null!;
    private JsonRelay arguments = null!;
    private bool passed;
    private Mode mode = Mode.Text;

    private enum Mode
    {
        Text,

        /// <summary>After the tag, and between the calls of a list.</summary>
        Opened,
        Call,

        /// <summary>In a name, or the marks after it.</summary>
        Head,

        /// <summary>In the arguments after a name.</summary>
        Arguments,
        Broken,
    }

    public bool AllWhole { get; private set; } = true;

    public void Append(string text, AnswerParts parts)
    {
        while (text.Length > 0)
        {
            text = mode switch
            {
                Mode.Opened => ReadOpened(text, parts),
                Mode.Call => ReadCall(text, parts),
                Mode.Head => ReadHead(text, parts),
                Mode.Arguments => ReadArguments(text, parts),
                _ => ReadText(text, parts),
            };
        }
    }

    public void Complete(bool cut, AnswerParts parts)
    {
        AllWhole &= mode is Mode.Text or Mode.Broken || (mode == Mode.Opened && raw.Length == 0);
        switch (mode)
        {
            case Mode.Call when call.Begun:
                call.Close();
                break;
            case Mode.Arguments:
                CloseArguments(parts);
                break;
            case Mode.Text:
                content.Write(tags.Flush(cut), parts);
                break;
            case Mode.Opened or Mode.Call or Mode.Head when !cut:
                content.Write(raw.ToString(), parts);
                break;
            default:
                break;
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

        if (tag is not null)
        {
            raw.Clear().Append(Begin);
            head.Clear();
            mode = Mode.Opened;
        }

        return after;
    }

    private string ReadOpened(string text, AnswerParts parts)
    {
        // Inside a list, after its first call, nothing is left to be given back as text.
        var rest = text.TrimStart([' ', '\t', '\r', '\n', .. raw.Length == 0 ? ",]" : "["]);
        raw.Append(raw.Length == 0 ? "" : text.AsSpan(0, text.Length - rest.Length));
        if (rest.Length == 0)
        {
            return "";
        }

        if (rest[0] == '{')
        {
            call = new ToolCallReader(parts, FunctionName.IsValid);
            mode = Mode.Call;
        }
        else if (raw.Length > 0 && FunctionName.IsPart(rest[0]))
        {
            mode = Mode.Head;
        }
        else
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
                    mode = Mode.Opened;
                    return text[(i + 1)..];
                case JsonProgress.Invalid when call.Begun:
                    call.Close();
                    AllWhole = false;
                    mode = Mode.Broken;
                    return text[i..];
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

    /// <summary>A name up to its arguments' brace; the marks between are no part of it.</summary>
    private string ReadHead(string text, AnswerParts parts)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '{')
            {
                head.Append(text[i]);
                raw.Append(text[i]);
                if (!MayBeHead(head.ToString()))
                {
                    GiveAsText(parts);
                    return text[(i + 1)..];
                }

                continue;
            }

            var written = head.ToString();
            var mark = written.IndexOf('[', StringComparison.Ordinal);
            var name = (mark < 0 ? written : written[..mark]).Trim();
            if (!FunctionName.IsValid(name) || (mark >= 0 && !written.AsSpan().TrimEnd().EndsWith(Arguments)))
            {
                GiveAsText(parts);
                return text[i..];
            }

            content.Call();
            parts.BeginCall(name);
            arguments = new JsonRelay();
            passed = false;
            mode = Mode.Arguments;
            return text[i..];
        }

        return "";
    }

    private string ReadArguments(string text, AnswerParts parts)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var progress = arguments.Feed(text[i]);
            switch (progress)
            {
                case JsonProgress.Complete:
                    CloseArguments(parts);
                    mode = Mode.Text;
                    return text[(i + 1)..];
                case JsonProgress.Invalid:
                    CloseArguments(parts);
                    AllWhole = false;
                    mode = Mode.Broken;
                    return text[i..];
                default:
                    var ready = arguments.Take();
                    passed |= ready.Length > 0;
                    parts.Arguments(ready);
                    break;
            }
        }

        return "";
    }

    private void CloseArguments(AnswerParts parts)
    {
        var rest = arguments.Close();
        parts.Arguments(rest.Length == 0 && !passed ? "{}" : rest);
    }

    private static bool MayBeHead(string text)
    {
        var mark = text.IndexOf('[', StringComparison.Ordinal);
        var name = (mark < 0 ? text : text[..mark]).TrimEnd();
        if (!FunctionName.IsValid(name))
        {
            return false;
        }

        if (mark < 0)
        {
            return true;
        }

        var marks = text.AsSpan(mark);
        return text.Length - mark <= 128 && (Begins(Arguments, marks) || Begins(CallId, marks));
    }

    /// <summary>One is the beginning of the other.</summary>
    private static bool Begins(string mark, ReadOnlySpan<char> text) => text.StartsWith(mark) || mark.AsSpan().StartsWith(text);

    private void GiveAsText(AnswerParts parts)
    {
        content.Write(raw.ToString(), parts);
        raw.Clear();
        mode = Mode.Text;
    }
}
