namespace Octavo.Operator.Deletion;

internal static partial class DeletionLog
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Deletion of {Namespace}/{Name}: the order is given up at {Stage}: {Reason}")]
    public static partial void GivenUp(ILogger logger, string? @namespace, string? name, DeletionStage stage, string reason);

    [LoggerMessage(EventId = 2, Level = LogLevel.Information, Message = "Deletion of {Namespace}/{Name}: {Stage} is skipped: {Reason}")]
    public static partial void Skipped(ILogger logger, string? @namespace, string? name, DeletionStage stage, string reason);

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning, Message = "Deletion of {Namespace}/{Name}: {Stage} failed and is tried again")]
    public static partial void Failed(ILogger logger, Exception exception, string? @namespace, string? name, DeletionStage stage);
}
