using Microsoft.Extensions.Logging;

namespace Octavo.ControllerRuntime.Cache;

internal static partial class CacheLog
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Debug, Message = "{Informer}: listed {Count} objects at version {ResourceVersion}")]
    public static partial void Listed(ILogger logger, string informer, int count, string? resourceVersion);

    [LoggerMessage(EventId = 2, Level = LogLevel.Information, Message = "{Informer}: version {ResourceVersion} is too old for the server, listing again")]
    public static partial void Expired(ILogger logger, string informer, string? resourceVersion);

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning, Message = "{Informer}: {Reason}; trying again after {Seconds:0.0} s")]
    public static partial void Retrying(ILogger logger, Exception? exception, string informer, string reason, double seconds);

    [LoggerMessage(EventId = 4, Level = LogLevel.Error, Message = "{Informer}: an event handler failed")]
    public static partial void HandlerFailed(ILogger logger, Exception exception, string informer);

    [LoggerMessage(EventId = 5, Level = LogLevel.Information, Message = "{Informer}: {Reason}; done without, asked for again every {Seconds:0} s")]
    public static partial void Refused(ILogger logger, string informer, string reason, double seconds);

    [LoggerMessage(EventId = 6, Level = LogLevel.Information, Message = "{Informer}: the server serves this kind now")]
    public static partial void Appeared(ILogger logger, string informer);

    [LoggerMessage(EventId = 7, Level = LogLevel.Information, Message = "{Informer}: the server no longer serves this kind")]
    public static partial void Vanished(ILogger logger, string informer);
}
