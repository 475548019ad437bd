using Microsoft.Extensions.Logging;

namespace Octavo.ControllerRuntime.Discovery;

internal static partial class DiscoveryLog
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Which kinds the server serves could not be asked, what was known holds: {Reason}")]
    public static partial void Failed(ILogger logger, Exception? exception, string reason);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "Who was told of new kinds failed")]
    public static partial void HandlerFailed(ILogger logger, Exception exception);
}
