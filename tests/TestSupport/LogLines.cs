using Microsoft.Extensions.Logging;

namespace Octavo.TestSupport;

/// <summary>A logger that keeps its lines.</summary>
public sealed class LogLines : ILogger
{
    public IList<string> Lines { get; } = [];

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Add($"{logLevel} {formatter(state, exception)}");
}
