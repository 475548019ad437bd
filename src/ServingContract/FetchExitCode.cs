namespace Octavo.ServingContract;

/// <summary>
/// Exit codes of <c>octavo-serve fetch</c>, the init container that makes a model's files present.
/// The operator turns each into a reason of the ModelReady condition; the last line of the output is the message.
/// </summary>
public enum FetchExitCode
{
    Success = 0,

    /// <summary>Bug or unexpected failure; retried with back-off.</summary>
    Unexpected = 1,

    /// <summary>The command line is wrong.</summary>
    Usage = 2,

    /// <summary>The path, repository, object or revision does not exist.</summary>
    NotFound = 10,

    /// <summary>The source exists, but is no checkpoint that can be served: a file is missing or malformed.</summary>
    InvalidModel = 11,

    /// <summary>The source refuses the credentials.</summary>
    Unauthorized = 12,

    /// <summary>The URI's scheme is not supported by this build.</summary>
    UnsupportedSource = 13,

    /// <summary>Not enough disk.</summary>
    NoSpace = 14,

    /// <summary>What was fetched is not what its digest says.</summary>
    ChecksumMismatch = 15,

    /// <summary>The source asks for fewer requests (429), after all tries.</summary>
    RateLimited = 16,

    /// <summary>The source cannot be reached, or answers with errors of its own, after all tries.</summary>
    Network = 17,

    /// <summary>The run took longer than it was given; what was fetched is kept and the next run goes on from there.</summary>
    DeadlineExceeded = 18,

    /// <summary>Told to stop (SIGTERM); what was fetched is kept and the next run goes on from there.</summary>
    Stopped = 143,
}
