namespace Octavo.ServingRuntime.Engine.StructuredOutput;

/// <summary>Why a constraint was not compiled.</summary>
public enum GrammarFault
{
    /// <summary>It is malformed, contradicts itself, or asks for something that cannot be enforced.</summary>
    Invalid,

    /// <summary>It exceeds a budget: size, depth, states, steps or time.</summary>
    TooComplex,

    /// <summary>Too many others are waiting to be compiled: try again later.</summary>
    Busy,
}
