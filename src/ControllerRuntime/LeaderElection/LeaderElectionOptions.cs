namespace Octavo.ControllerRuntime.LeaderElection;

/// <summary>client-go's times. A leader stops before anyone else may begin: it gives up after the renew deadline, others wait for the lease's duration.</summary>
public sealed record LeaderElectionOptions
{
    /// <summary>Off: this process leads at once and for ever.</summary>
    public bool Enabled { get; init; } = true;

    public string LeaseName { get; init; } = "";
    public string LeaseNamespace { get; init; } = "default";

    /// <summary>Unique among candidates; by default the host's name and a random part.</summary>
    public string Identity { get; init; } = $"{Environment.MachineName}_{Guid.NewGuid()}";

    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);

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
        Check(LeaseDuration > RenewDeadline, $"LeaseDuration ({LeaseDuration}) must be longer than RenewDeadline ({RenewDeadline})");
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
