namespace Octavo.Cli;

/// <summary>Exit codes of <c>octavo</c> itself.</summary>
internal static class ExitCode
{
    public const int Success = 0;
    public const int Failure = 1;

    /// <summary>The command line is wrong, or names a verb that this version lacks.</summary>
    public const int NotBuilt = 2;

    /// <summary>As a shell reports a program that it cannot find.</summary>
    public const int NotFound = 127;

    /// <summary>As a shell reports SIGINT.</summary>
    public const int Interrupted = 130;
}
