using Microsoft.Extensions.Logging;

namespace Octavo.ControllerRuntime.LeaderElection;

internal static partial class LeaderElectionLog
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Lease}: {Identity} waits for the lease")]
    public static partial void Waiting(ILogger logger, string lease, string identity);

    [LoggerMessage(EventId = 2, Level = LogLevel.Information, Message = "{Lease}: {Identity} leads")]
    public static partial void Acquired(ILogger logger, string lease, string identity);

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning, Message = "{Lease}: {Identity} could not renew in time and no longer leads")]
    public static partial void Lost(ILogger logger, string lease, string identity);

    [LoggerMessage(EventId = 4, Level = LogLevel.Information, Message = "{Lease}: {Identity} gave the lease back")]
    public static partial void Released(ILogger logger, string lease, string identity);

    [LoggerMessage(EventId = 5, Level = LogLevel.Information, Message = "{Lease}: renewing failed, reading the lease: {Reason}")]
    public static partial void RenewFailed(ILogger logger, string lease, string reason);

    [LoggerMessage(EventId = 6, Level = LogLevel.Warning, Message = "{Lease}: {Reason}")]
    public static partial void TryFailed(ILogger logger, string lease, string reason);

    [LoggerMessage(EventId = 7, Level = LogLevel.Warning, Message = "{Lease}: the lease could not be given back: {Reason}")]
    public static partial void ReleaseFailed(ILogger logger, string lease, string reason);

    [LoggerMessage(EventId = 8, Level = LogLevel.Error, Message = "the work of the leader failed")]
    public static partial void WorkFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 9, Level = LogLevel.Error, Message = "{Name}: one look failed; what was known holds")]
    public static partial void TickFailed(ILogger logger, Exception exception, string name);
}
