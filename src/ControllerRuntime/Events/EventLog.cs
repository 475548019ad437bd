using Microsoft.Extensions.Logging;

namespace Octavo.ControllerRuntime.Events;

internal static partial class EventLog
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Debug, Message = "too many events about {Namespace}/{Name}, {Reason} is dropped")]
    public static partial void Dropped(ILogger logger, string reason, string? @namespace, string? name);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "the event {Reason} about {Namespace}/{Name} could not be written")]
    public static partial void Failed(ILogger logger, Exception exception, string reason, string? @namespace, string? name);
}
