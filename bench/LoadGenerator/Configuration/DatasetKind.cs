namespace Octavo.LoadGenerator.Configuration;

internal enum DatasetKind
{
    /// <summary>Random prompts, with or without shared prefixes.</summary>
    Random,

    /// <summary>Conversations of several turns.</summary>
    Conversations,

    /// <summary>Arrivals and lengths of a recorded load.</summary>
    Trace,

    /// <summary>Questions of real conversations.</summary>
    ShareGpt,
}
