namespace Octavo.ControllerRuntime.Controller;

/// <summary>How a controller works through its keys.</summary>
public sealed record ControllerOptions
{
    /// <summary>Objects that are reconciled at once; one object never is twice.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>After the first failure of an object; doubles up to <see cref="MaxDelay"/>.</summary>
    public TimeSpan BaseDelay { get; init; } = TimeSpan.FromMilliseconds(50);

    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A reconcile that takes longer is cancelled and counts as failed.</summary>
    public TimeSpan ReconcileTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// What a reconcile in hand may still take when its worker is told to stop; then it is cancelled. No more than what is left of the lease when a leader
    /// gives up, without the margin for writes: what comes later is not written anyway.
    /// </summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>All errors; none where the options can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        var errors = new List<string>();
        if (Workers < 1)
        {
            errors.Add($"Workers is {Workers}; one is the least");
        }

        if (BaseDelay <= TimeSpan.Zero || MaxDelay < BaseDelay)
        {
            errors.Add($"BaseDelay ({BaseDelay}) must be positive and at most MaxDelay ({MaxDelay})");
        }

        if (ReconcileTimeout <= TimeSpan.Zero)
        {
            errors.Add($"ReconcileTimeout ({ReconcileTimeout}) must be positive");
        }

        if (StopGrace < TimeSpan.Zero)
        {
            errors.Add($"StopGrace ({StopGrace}) must not be negative");
        }

        return errors;
    }
}
