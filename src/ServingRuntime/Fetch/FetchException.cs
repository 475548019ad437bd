using Octavo.ServingContract;

namespace Octavo.ServingRuntime.Fetch;

/// <summary>Why a model cannot be fetched. The message is one sentence for whoever runs this, and holds no secret.</summary>
internal sealed class FetchException(FetchExitCode code, string message, Exception? innerException = null) : Exception(message, innerException)
{
    public FetchExitCode Code { get; } = code;

    /// <summary>Another try may succeed.</summary>
    public bool IsTransient { get; init; }

    /// <summary>The source's content is another than when it was listed: list again, and fetch again what differs.</summary>
    public bool IsSourceChanged { get; init; }

    /// <summary>How long the source wants to be left alone.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public static FetchException Transient(string message, Exception? innerException = null) => new(FetchExitCode.Network, message, innerException) { IsTransient = true };

    public static FetchException SourceChanged(string message) => new(FetchExitCode.Network, message) { IsSourceChanged = true };
}
