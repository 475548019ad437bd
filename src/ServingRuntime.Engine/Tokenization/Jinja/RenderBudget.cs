using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

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

    /// <summary>That a text under way has not become too long.</summary>
    public void Fits(long length)
    {
        if (length > limits.MaxOutputLength)
        {
            Characters(length);
        }
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
