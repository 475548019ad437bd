using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Octavo.OperatorCluster.Tests.Harness;

/// <summary>The last lines that the operators logged, for a failing test to show.</summary>
internal sealed class LogTail : ILoggerProvider
{
    private const int Length = 80;

    private readonly ConcurrentQueue<string> lines = new();

    public IReadOnlyCollection<string> Lines => lines;

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    public void Dispose()
    {
        // Lines are wanted after the host has gone.
    }

    private sealed class Logger(LogTail tail, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            tail.lines.Enqueue($"{logLevel} {category}: {formatter(state, exception)}{(exception is null ? "" : " " + exception.Message)}");
            while (tail.lines.Count > Length && tail.lines.TryDequeue(out _))
            {
            }
        }
    }
}
