using Octavo.ServingRuntime.OpenAI.Answers;

namespace Octavo.ServingRuntime.OpenAI.Reasoning;

/// <summary>Takes the reasoning off the beginning of an answer, without its tags and the white space around them; the rest is the answer.</summary>
internal sealed class ReasoningReader(ReasoningFormat format, ReasoningStart start)
{
    private readonly TagFinder ends = new(format.End);
    private ReasoningStart state = start;
    private string held = "";
    private bool mayRepeatTag = true;
    private bool begun;
    private bool trimAnswer;

    /// <summary>Where the text so far ends: Closed in the answer, Open in the reasoning, MayOpen before either.</summary>
    public ReasoningStart State => state;

    /// <summary>Whether there was reasoning, or is.</summary>
    public bool HasReasoned { get; private set; } = start == ReasoningStart.Open;

    /// <returns>The part of the text that is the answer's.</returns>
    public string Append(string text, AnswerParts parts)
    {
        if (state == ReasoningStart.MayOpen || (state == ReasoningStart.Open && mayRepeatTag))
        {
            text = ReadTag(text);
        }

        if (text.Length > 0 && state == ReasoningStart.Open)
        {
            var (before, tag, after) = ends.Take(text);
            Write(before, parts);
            if (tag is null)
            {
                return "";
            }

            // White space before the closing tag is no reasoning, that after it no answer.
            held = "";
            state = ReasoningStart.Closed;
            trimAnswer = true;
            text = after;
        }

        if (trimAnswer)
        {
            text = text.TrimStart();
            trimAnswer = text.Length == 0;
        }

        return text;
    }

    /// <returns>What is left of the answer.</returns>
    public string Complete(bool cut, AnswerParts parts)
    {
        switch (state)
        {
            case ReasoningStart.Open:
                parts.Reasoning((held + ends.Flush(cut)).AsSpan().TrimEnd());
                return "";
            case ReasoningStart.MayOpen:
                return cut && held.AsSpan().Trim().Length > 1 ? "" : held;
            default:
                return "";
        }
    }

    /// <summary>Decides at the first characters whether an opening tag stands there; nothing is returned until that is known.</summary>
    private string ReadTag(string text)
    {
        held += text;
        var seen = held.AsSpan().TrimStart();
        if (seen.StartsWith(format.Begin))
        {
            var rest = seen[format.Begin.Length..].ToString();
            (state, held, mayRepeatTag) = (ReasoningStart.Open, "", false);
            HasReasoned = true;
            return rest;
        }

        if (format.Begin.AsSpan().StartsWith(seen))
        {
            return "";
        }

        var all = held;
        held = "";
        mayRepeatTag = false;
        state = state == ReasoningStart.MayOpen ? ReasoningStart.Closed : state;
        return all;
    }

    private void Write(string text, AnswerParts parts)
    {
        var all = held + text;
        if (!begun)
        {
            all = all.TrimStart();
            begun = all.Length > 0;
        }

        var end = all.AsSpan().TrimEnd().Length;
        parts.Reasoning(all.AsSpan(0, end));
        held = all[end..];
    }
}
