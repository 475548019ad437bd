namespace Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

/// <summary>What one compilation may still spend. Counters decide first, so that a bomb fails the same way on every machine; the clock is the last resort.</summary>
internal sealed class CompileBudget(GrammarCompilerOptions options, TimeProvider timeProvider, CancellationToken cancellationToken)
{
    private const int ClockInterval = 8192;

    private readonly long started = timeProvider.GetTimestamp();
    private long steps;
    private long nextClock = ClockInterval;
    private int states;

    public int MaxDepth => options.MaxDepth;

    public int MaxRules => options.MaxRules;

    public long Steps => steps;

    /// <exception cref="GrammarException">The budget is spent.</exception>
    public void Spend(int count = 1)
    {
        steps += count;
        if (steps > options.MaxSteps)
        {
            throw Exceeded($"needs more than {options.MaxSteps} steps to compile");
        }

        if (steps >= nextClock)
        {
            nextClock = steps + ClockInterval;
            cancellationToken.ThrowIfCancellationRequested();
            if (timeProvider.GetElapsedTime(started) > options.Timeout)
            {
                throw new GrammarException($"the constraint needs more than {options.Timeout.TotalSeconds:0.###} s to compile", GrammarFault.TooComplex) { IsRepeatable = false };
            }
        }
    }

    public void SpendState(int count = 1)
    {
        states += count;
        if (states > options.MaxStates)
        {
            throw Exceeded($"needs more than {options.MaxStates} automaton states");
        }

        Spend(count);
    }

    public void CheckDepth(int depth, string where)
    {
        Spend();
        if (depth > options.MaxDepth)
        {
            throw Exceeded($"is nested deeper than {options.MaxDepth} levels at {where}");
        }
    }

    public static GrammarException Exceeded(string what) => new($"the constraint {what}", GrammarFault.TooComplex);
}
