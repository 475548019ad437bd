namespace Octavo.ServingRuntime.Engine.Quantization;

/// <summary>Why a checkpoint cannot be quantised, as one sentence for whoever asked.</summary>
public sealed class QuantizationException(QuantizationFault fault, string message, Exception? innerException = null) : Exception(message, innerException)
{
    public QuantizationFault Fault { get; } = fault;
}

public enum QuantizationFault
{
    /// <summary>Options, or a folder that is there already.</summary>
    Usage,

    NotFound,

    /// <summary>Model or calibration data are of a kind that cannot be used.</summary>
    Unsuitable,

    NoSpace,
}
