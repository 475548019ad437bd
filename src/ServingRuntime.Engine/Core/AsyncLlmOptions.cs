namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>Bounds of the engine's front.</summary>
public sealed record AsyncLlmOptions
{
    /// <summary>Most requests that wait; beyond it they are rejected.</summary>
    public int MaxQueuedRequests { get; init; } = 1024;

    /// <summary>Most prompt tokens of waiting requests; one request is always let in. Null: no bound.</summary>
    public long? MaxQueuedTokens { get; init; }

    /// <summary>Requests that the engine runs at once: so many need not wait.</summary>
    public int MaxNumSeqs { get; init; } = 256;

    /// <summary>How long a step may last before the engine counts as stuck.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether the core is disposed with the front. Else the front's thread lets go of it unchanged, once nothing is in flight.</summary>
    public bool OwnsCore { get; init; } = true;
}
