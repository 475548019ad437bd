namespace Octavo.ServingRuntime.Engine.StructuredOutput;

/// <summary>Budgets of compiling constraints. A constraint beyond one of them is refused with <see cref="GrammarFault.TooComplex"/>.</summary>
public sealed record GrammarCompilerOptions
{
    /// <summary>Threads that compile, of lower priority than those that serve.</summary>
    public int Workers { get; init; } = 2;

    /// <summary>Constraints waiting for a thread; more are refused with <see cref="GrammarFault.Busy"/>.</summary>
    public int MaxQueued { get; init; } = 64;

    /// <summary>Wall-clock limit of one compilation.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Text of one constraint in bytes, all parts together.</summary>
    public int MaxTextBytes { get; init; } = 64 * 1024;

    /// <summary>Nesting of a schema, an expression, a grammar rule or a specification.</summary>
    public int MaxDepth { get; init; } = 32;

    public int MaxRules { get; init; } = 4096;

    /// <summary>States of the automaton, before and after it is made deterministic.</summary>
    public int MaxStates { get; init; } = 100_000;

    /// <summary>Elementary operations of a compilation.</summary>
    public long MaxSteps { get; init; } = 20_000_000;

    /// <summary>Compiled constraints kept, with their masks, least recently used dropped first.</summary>
    public long CacheBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>Token masks kept by one constraint.</summary>
    public int MaskCacheBytes { get; init; } = 4 * 1024 * 1024;
}
