namespace Octavo.ServingRuntime.Engine.Quantization;

/// <summary>What was done.</summary>
/// <param name="Matrices">That are in 4 bits now.</param>
/// <param name="BytesBefore">Of all weights.</param>
/// <param name="BytesAfter">Of all weights.</param>
/// <param name="Calibration">What it was calibrated with; null: nothing.</param>
/// <param name="Error">Mean over all layers of the outputs' squared error over the calibration, relative to the outputs, before clipping; null: not measured.</param>
/// <param name="PlainError">The same had no scales been found.</param>
public sealed record QuantizationReport(int Matrices, long BytesBefore, long BytesAfter, string? Calibration, double? Error, double? PlainError);
