using System.Text;
using Octavo.ServingRuntime.OpenAI.Answers;

namespace Octavo.ServingRuntime.OpenAI.ToolCalls;

/// <summary>
/// The text of one call while it comes: read by a <see cref="ToolCallReader"/>, and kept, with what stands before it, for as long as it may still prove to be no call
/// and so to be content. What a model's format has around its calls is its parser's.
/// </summary>
internal sealed class CallText(ContentWriter content)
{
    private readonly StringBuilder raw = new();

    /// <summary>Null between calls.</summary>
    private ToolCallReader? call;

    public enum Outcome
    {
        /// <summary>The text ended inside the call.</summary>
        Open,
        Whole,

        /// <summary>It turned out malformed after it had begun: what was told of it is valid JSON, the rest is lost.</summary>
        Broken,

        /// <summary>It was none: its text has been given back as content.</summary>
        NoCall,
    }

    /// <summary>Whether no call has been closed early.</summary>
    public bool AllWhole { get; private set; } = true;

    /// <summary>Whether nothing is kept that could be given back.</summary>
    public bool IsEmpty => raw.Length == 0;

    private bool HasBegun => call is { Begun: true };

    /// <summary>Text before the call that is content if this proves to be none.</summary>
    public void Keep(ReadOnlySpan<char> text) => raw.Append(text);

    public void Forget() => raw.Clear();

    public void Begin(ToolCallReader reader) => call = reader;

    /// <param name="rest">What follows the call; begins with the character at which it broke, if it did.</param>
    public Outcome Read(string text, AnswerParts parts, out string rest)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var begun = HasBegun;
            var progress = call!.Feed(text[i]);
            if (HasBegun && !begun)
            {
                content.Call();
            }

            rest = text[i..];
            switch (progress)
            {
                case JsonProgress.Complete:
                    raw.Clear();
                    call = null;
                    rest = text[(i + 1)..];
                    return Outcome.Whole;
                case JsonProgress.Invalid when HasBegun:
                    call.Close();
                    call = null;
                    AllWhole = false;
                    return Outcome.Broken;
                case JsonProgress.Invalid:
                    call = null;
                    GiveBack(parts);
                    return Outcome.NoCall;
                default:
                    raw.Append(HasBegun ? "" : text.AsSpan(i, 1));
                    break;
            }
        }

        rest = "";
        return Outcome.Open;
    }

    /// <summary>No more text comes inside the call.</summary>
    /// <returns>Whether it had begun; if not, its text is still kept.</returns>
    public bool Close()
    {
        AllWhole = false;
        if (!HasBegun)
        {
            return false;
        }

        call!.Close();
        return true;
    }

    /// <summary>What is kept is content.</summary>
    public void GiveBack(AnswerParts parts)
    {
        content.Write(raw.ToString(), parts);
        raw.Clear();
    }
}
