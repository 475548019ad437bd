namespace Octavo.ControllerRuntime.Controller;

/// <summary>What becomes of a key: forgotten, added after a time, or tried again with growing delay (or after a time) because of an error.</summary>
public readonly record struct ReconcileOutcome
{
    public static readonly ReconcileOutcome Done;

    public string? ErrorMessage { get; private init; }
    public Exception? Error { get; private init; }
    public TimeSpan? RequeueAfter { get; private init; }

    public static ReconcileOutcome After(TimeSpan delay) => new() { RequeueAfter = delay };

    public static ReconcileOutcome Failed(string message, Exception? error = null, TimeSpan? requeueAfter = null) =>
        new() { ErrorMessage = message, Error = error, RequeueAfter = requeueAfter };
}
