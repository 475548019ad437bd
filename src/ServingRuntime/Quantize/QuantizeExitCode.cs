namespace Octavo.ServingRuntime.Quantize;

/// <summary>Exit codes of <c>octavo-serve quantize</c>; where fetch has the same, the same numbers.</summary>
internal enum QuantizeExitCode
{
    Success = 0,

    /// <summary>A bug.</summary>
    Unexpected = 1,

    /// <summary>The command line is wrong, or the output folder exists.</summary>
    Usage = 2,

    NotFound = 10,

    /// <summary>The model or the calibration data cannot be used for this.</summary>
    Unsuitable = 11,

    NoSpace = 14,

    /// <summary>SIGINT.</summary>
    Interrupted = 130,

    /// <summary>SIGTERM.</summary>
    Stopped = 143,
}
