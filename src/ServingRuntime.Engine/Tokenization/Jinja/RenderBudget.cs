using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>How much work and text one rendering may cost. A template comes with the model, and the conversation from a client: neither is trusted.</summary>
public sealed record TemplateLimits
{
    /// <summary>Evaluated nodes, plus one for every so many characters or items that an operation copies.</summary>
    public int MaxSteps { get; init; } = 5_000_000;

    public TimeSpan MaxTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Characters of the result and of any string on the way.</summary>
    public int MaxOutputLength { get; init; } = 8 * 1024 * 1024;

    /// <summary>Macros and recursive loops inside one another.</summary>
    public int MaxDepth { get; init; } = 50;
}

/// <summary>Counts against the limits.</summary>
internal sealed class RenderBudget(TemplateLimits limits, TimeProvider timeProvider)
{
    private const int CharactersAStep = 16;
    private readonly long start = timeProvider.GetTimestamp();
    private long steps;
    private int sinceClock;
    private int depth;

    public void Step(long count = 1)
    {
        steps += count;
        if (steps > limits.MaxSteps)
        {
            throw new TemplateException(TemplateFault.Limit, $"the chat template took more than {limits.MaxSteps} steps");
        }

        if (++sinceClock >= 256)
        {
            sinceClock = 0;
            if (timeProvider.GetElapsedTime(start) > limits.MaxTime)
            {
                throw new TemplateException(TemplateFault.Limit, $"the chat template took longer than {limits.MaxTime.TotalSeconds} s");
            }
        }
    }

    /// <summary>Before a string of this length is made.</summary>
    public void Characters(long length)
    {
        if (length > limits.MaxOutputLength)
        {
            throw new TemplateException(TemplateFault.Limit, $"the chat template made a text of more than {limits.MaxOutputLength} characters");
        }

        Step(1 + (length / CharactersAStep));
    }

    public string Checked(string text)
    {
        Characters(text.Length);
        return text;
    }

    public void Append(StringBuilder output, string text)
    {
        Characters(text.Length);
        if (output.Length + text.Length > limits.MaxOutputLength)
        {
            Characters((long)output.Length + text.Length);
        }

        output.Append(text);
    }

    public void Enter()
    {
        if (++depth > limits.MaxDepth)
        {
            throw new TemplateException(TemplateFault.Limit, $"the chat template calls itself more than {limits.MaxDepth} deep");
        }
    }

    public void Leave() => depth--;
}
