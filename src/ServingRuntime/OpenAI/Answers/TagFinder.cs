namespace Octavo.ServingRuntime.OpenAI.Answers;

/// <summary>Finds tags in a text that comes in pieces: what may be the beginning of one is held back until it is known.</summary>
internal sealed class TagFinder(params string[] tags)
{
    private string held = "";

    /// <returns>Text that is certainly before any tag; the first tag, if one is complete; and what follows it, to be given to whoever reads on.</returns>
    public (string Before, string? Tag, string After) Take(string text)
    {
        var all = held.Length == 0 ? text : held + text;
        held = "";
        var at = -1;
        string? tag = null;
        foreach (var candidate in tags)
        {
            var found = all.IndexOf(candidate, StringComparison.Ordinal);
            if (found >= 0 && (tag is null || found < at))
            {
                (at, tag) = (found, candidate);
            }
        }

        if (tag is not null)
        {
            return (all[..at], tag, all[(at + tag.Length)..]);
        }

        var keep = LongestBeginning(all);
        held = all[^keep..];
        return (all[..^keep], null, "");
    }

    /// <summary>What is still held, when no more text comes.</summary>
    /// <param name="cut">The text was cut off: then a begun tag is no text. A single character is too little to be called a tag.</param>
    public string Flush(bool cut)
    {
        var rest = cut && held.Length > 1 ? "" : held;
        held = "";
        return rest;
    }

    private int LongestBeginning(string text)
    {
        var longest = 0;
        foreach (var tag in tags)
        {
            for (var length = Math.Min(tag.Length - 1, text.Length); length > longest; length--)
            {
                if (text.AsSpan(text.Length - length).SequenceEqual(tag.AsSpan(0, length)))
                {
                    longest = length;
                }
            }
        }

        return longest;
    }
}
