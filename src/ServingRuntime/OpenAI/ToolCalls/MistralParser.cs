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
    private readonly CallText call;
    private readonly StringBuilder head = new();
    private JsonRelay arguments = null!;
    private bool passed;
    private bool argumentsAreWhole = true;
    private Mode mode = Mode.Text;

    public MistralParser() => call = new CallText(content);

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

    public bool AllWhole => argumentsAreWhole && call.AllWhole;

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
        switch (mode)
        {
            case Mode.Arguments:
                argumentsAreWhole = false;
                CloseArguments(parts);
                break;
            case Mode.Text:
                content.Write(tags.Flush(cut), parts);
                break;
            case Mode.Opened when call.IsEmpty:
            case Mode.Broken:
                break;
            default:
                if (!call.Close() && !cut)
                {
                    call.GiveBack(parts);
                }

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
            call.Forget();
            call.Keep(Begin);
            head.Clear();
            mode = Mode.Opened;
        }

        return after;
    }

    private string ReadOpened(string text, AnswerParts parts)
    {
        // Inside a list, after its first call, nothing is left to be given back as text.
        var rest = text.TrimStart([' ', '\t', '\r', '\n', .. call.IsEmpty ? ",]" : "["]);
        call.Keep(call.IsEmpty ? "" : text.AsSpan(0, text.Length - rest.Length));
        if (rest.Length == 0)
        {
            return "";
        }

        if (rest[0] == '{')
        {
            call.Begin(new ToolCallReader(parts, FunctionName.IsValid));
            mode = Mode.Call;
        }
        else if (!call.IsEmpty && FunctionName.IsPart(rest[0]))
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
        mode = call.Read(text, parts, out var rest) switch
        {
            CallText.Outcome.Whole => Mode.Opened,
            CallText.Outcome.Broken => Mode.Broken,
            CallText.Outcome.NoCall => Mode.Text,
            _ => mode,
        };
        return rest;
    }

    /// <summary>A name up to its arguments' brace; the marks between are no part of it.</summary>
    private string ReadHead(string text, AnswerParts parts)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '{')
            {
                head.Append(text[i]);
                call.Keep(text.AsSpan(i, 1));
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
                    argumentsAreWhole = false;
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
        call.GiveBack(parts);
        mode = Mode.Text;
    }
}
