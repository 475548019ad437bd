using Microsoft.Extensions.Logging;

namespace Octavo.ControllerRuntime.Controller;

internal static partial class ControllerLog
{
    private static readonly Func<ILogger, string, NamespacedName, long, IDisposable?> ScopeOf =
        LoggerMessage.DefineScope<string, NamespacedName, long>("{Controller} {Key} #{ReconcileId}");

    /// <summary>Every line of one reconcile carries its number.</summary>
    public static IDisposable? Scope(ILogger logger, string controller, NamespacedName key, long id) => ScopeOf(logger, controller, key, id);

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "{Controller} {Key}: {Reason}; trying again")]
    public static partial void Failed(ILogger logger, Exception? exception, string controller, NamespacedName key, string reason);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "{Controller} {Key}: {Reason}; not tried again until it changes")]
    public static partial void Terminal(ILogger logger, Exception exception, string controller, NamespacedName key, string reason);

    [LoggerMessage(EventId = 3, Level = LogLevel.Debug, Message = "{Controller} {Key}: {Reason}; trying again with the new state")]
    public static partial void Conflict(ILogger logger, string controller, NamespacedName key, string reason);

    [LoggerMessage(EventId = 4, Level = LogLevel.Information, Message = "{Controller}: {Workers} workers start")]
    public static partial void Started(ILogger logger, string controller, int workers);

    [LoggerMessage(EventId = 5, Level = LogLevel.Information, Message = "{Controller}: workers stopped")]
    public static partial void Stopped(ILogger logger, string controller);

    [LoggerMessage(EventId = 6, Level = LogLevel.Information, Message = "{Controller} {Key}: {Reason}")]
    public static partial void NotLeading(ILogger logger, string controller, NamespacedName key, string reason);
}
