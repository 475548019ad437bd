namespace Octavo.ControllerRuntime.LeaderElection;

/// <summary>
/// A leader stops before anyone else may begin. All times count from the beginning of its last write of the lease that succeeded, for nobody can have seen it
/// earlier: after <see cref="RetryPeriod"/> it renews, <see cref="RenewDeadline"/> after that it gives up and its work is told to stop, <see cref="WriteMargin"/>
/// before the end of <see cref="LeaseDuration"/> nothing is written any more, and then another may lead. When a leader dies, another leads after at most
/// LeaseDuration + 2.3 RetryPeriod: 16.6 s (it looks every 2.2 RetryPeriods at the latest, and again just when the lease runs out).
/// </summary>
public sealed record LeaderElectionOptions
{
    /// <summary>Off: this process leads at once and for ever.</summary>
    public bool Enabled { get; init; } = true;

    public string LeaseName { get; init; } = "";
    public string LeaseNamespace { get; init; } = "default";

    /// <summary>Unique among candidates; by default the host's name and a random part.</summary>
    public string Identity { get; init; } = $"{Environment.MachineName}_{Guid.NewGuid()}";

    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(12);
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(7);
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>For requests that are on their way when the gate shuts, and for clocks that do not tick alike.</summary>
    public TimeSpan WriteMargin { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>All errors; none where the options can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        var errors = new List<string>();
        if (!Enabled)
        {
            return errors;
        }

        Check(LeaseName.Length > 0, "LeaseName is missing");
        Check(LeaseNamespace.Length > 0, "LeaseNamespace is missing");
        Check(Identity.Length > 0, "Identity is missing");
        Check(WriteMargin >= TimeSpan.Zero, "WriteMargin must not be negative");
        Check(
            LeaseDuration > RenewDeadline + RetryPeriod + WriteMargin,
            $"LeaseDuration ({LeaseDuration}) must be longer than RenewDeadline ({RenewDeadline}), RetryPeriod ({RetryPeriod}) and WriteMargin ({WriteMargin}) together");
        Check(
            RenewDeadline > RetryPeriod * LeaderElector.JitterFactor,
            $"RenewDeadline ({RenewDeadline}) must be longer than RetryPeriod ({RetryPeriod}) times {LeaderElector.JitterFactor}");
        Check(RetryPeriod > TimeSpan.Zero, "RetryPeriod must be positive");
        Check(LeaseDuration >= TimeSpan.FromSeconds(1), "LeaseDuration must be a second or more: the lease holds whole seconds");
        return errors;

        void Check(bool holds, string error)
        {
            if (!holds)
            {
                errors.Add(error);
            }
        }
    }
}
