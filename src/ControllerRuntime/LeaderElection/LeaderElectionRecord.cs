namespace Octavo.ControllerRuntime.LeaderElection;

/// <summary>What a lock holds. Times are the writer's clock and are never compared with the reader's.</summary>
public sealed record LeaderElectionRecord(string HolderIdentity, int LeaseDurationSeconds, DateTimeOffset? AcquireTime, DateTimeOffset? RenewTime, int LeaderTransitions);
