using System.Text;
using Octavo.ServingRuntime.OpenAI.Answers;

namespace Octavo.ServingRuntime.OpenAI.ToolCalls;

/// <summary>
/// Reads one call written as <c>{"name": "f", "arguments": {...}}</c>, character by character, and passes it on as soon as its name is known and its arguments
/// have begun. Members may come in any order; "parameters" is another word for "arguments"; arguments that the model wrote as a string of JSON are taken out of
/// it. Before a call has begun it can still turn out to be none: then its text is whatever the caller says it is.
/// </summary>
internal sealed class ToolCallReader(AnswerParts parts, Func<string, bool> isName, bool onlyCallMembers = false)
{
    private static readonly HashSet<string> CallMembers = new(StringComparer.Ordinal) { "name", "arguments", "parameters", "type", "id" };

    private readonly StringBuilder word = new();
    private JsonRelay value = new();
    private State state = State.Start;
    private string member = "";
    private string? name;
    private readonly StringBuilder early = new();
    private bool sawArguments;
    private bool passedArguments;
    private StringUnescaper? unescaper;

    private enum State
    {
        Start,
        MemberOrEnd,
        Member,
        InMember,
        Colon,
        ValueStart,
        Name,
        Arguments,
        TextArguments,
        Other,
        CommaOrEnd,
        Whole,
    }

    /// <summary>Whether the call has been passed on: from here on it is a call, whole or broken.</summary>
    public bool Begun { get; private set; }

    public JsonProgress Feed(char c)
    {
        switch (state)
        {
            case State.InMember:
                return FeedMember(c);
            case State.Name:
                return FeedName(c);
            case State.Arguments or State.Other:
                return FeedValue(c);
            case State.TextArguments:
                return FeedTextArguments(c);
            case var _ when c is ' ' or '\n' or '\r' or '\t':
                return JsonProgress.Open;
            case State.Start when c == '{':
                return Go(State.MemberOrEnd);
            case State.MemberOrEnd or State.Member when c == '"':
                word.Clear();
                return Go(State.InMember);
            case State.MemberOrEnd or State.CommaOrEnd when c == '}':
                return End();
            case State.Colon when c == ':':
                return Go(State.ValueStart);
            case State.CommaOrEnd when c == ',':
                return Go(State.Member);
            case State.ValueStart:
                return BeginValue(c);
            default:
                return JsonProgress.Invalid;
        }
    }

    /// <summary>The text ends, or turned wrong, inside the call: what was passed on becomes valid JSON.</summary>
    public void Close()
    {
        if (!Begun)
        {
            return;
        }

        if (state is State.Arguments or State.TextArguments)
        {
            Pass(value.Close());
        }

        Finish();
    }

    private JsonProgress FeedMember(char c)
    {
        if (c == '"')
        {
            member = word.ToString();
            return onlyCallMembers && !CallMembers.Contains(member) ? JsonProgress.Invalid : Go(State.Colon);
        }

        if (c is '\\' or < ' ' || word.Length == 64)
        {
            // No member that matters is written with escapes.
            return onlyCallMembers || c < ' ' || c == '\\' ? JsonProgress.Invalid : JsonProgress.Open;
        }

        word.Append(c);
        return JsonProgress.Open;
    }

    private JsonProgress BeginValue(char c)
    {
        if (member == "name")
        {
            word.Clear();
            return c == '"' && name is null ? Go(State.Name) : JsonProgress.Invalid;
        }

        value = new JsonRelay();
        if (member is not ("arguments" or "parameters") || sawArguments)
        {
            return Go(State.Other, value.Feed(c));
        }

        sawArguments = true;
        if (name is not null)
        {
            Begin();
        }

        if (c == '"')
        {
            unescaper = new StringUnescaper();
            return Go(State.TextArguments);
        }

        // A call without arguments is often written with null: nothing is passed on, and the end writes the empty object.
        return c == 'n' ? Go(State.Other, value.Feed(c)) : Go(State.Arguments, Relay(c));
    }

    private JsonProgress Relay(char c)
    {
        var progress = value.Feed(c);
        Pass(value.Take());
        return progress;
    }

    private JsonProgress FeedName(char c)
    {
        if (c != '"')
        {
            word.Append(c);
            return c is '\\' or < ' ' || word.Length > FunctionName.MaxLength ? JsonProgress.Invalid : JsonProgress.Open;
        }

        name = word.ToString();
        if (!isName(name))
        {
            return JsonProgress.Invalid;
        }

        if (sawArguments)
        {
            Begin();
        }

        return Go(State.CommaOrEnd);
    }

    private JsonProgress FeedValue(char c)
    {
        var progress = state == State.Arguments ? Relay(c) : value.Feed(c);
        switch (progress)
        {
            case JsonProgress.Complete:
                return Go(State.CommaOrEnd);
            case JsonProgress.CompleteBefore:
                state = State.CommaOrEnd;
                return Feed(c);
            default:
                return progress;
        }
    }

    /// <summary>The arguments are JSON inside a JSON string.</summary>
    private JsonProgress FeedTextArguments(char c)
    {
        switch (unescaper!.Feed(c, out var plain))
        {
            case StringUnescaper.Outcome.Invalid:
                return JsonProgress.Invalid;
            case StringUnescaper.Outcome.End:
                Pass(value.Close());
                return Go(State.CommaOrEnd);
            case StringUnescaper.Outcome.Character:
                return Relay(plain) == JsonProgress.Invalid && plain is not (' ' or '\n' or '\r' or '\t') ? JsonProgress.Invalid : JsonProgress.Open;
            default:
                return JsonProgress.Open;
        }
    }

    private JsonProgress End()
    {
        if (name is null)
        {
            return JsonProgress.Invalid;
        }

        if (!Begun)
        {
            Begin();
        }

        Finish();
        return JsonProgress.Complete;
    }

    private void Finish()
    {
        if (!passedArguments)
        {
            Pass("{}");
        }

        state = State.Whole;
    }

    private void Begin()
    {
        Begun = true;
        parts.BeginCall(name!);
        parts.Arguments(early.ToString());
    }

    /// <summary>Arguments that come before the name wait for it.</summary>
    private void Pass(string arguments)
    {
        passedArguments |= arguments.Length > 0;
        if (Begun)
        {
            parts.Arguments(arguments);
        }
        else
        {
            early.Append(arguments);
        }
    }

    private JsonProgress Go(State next, JsonProgress progress = JsonProgress.Open)
    {
        state = next;
        return progress;
    }
}
