namespace Octavo.ServingRuntime.Engine.Quantization;

/// <summary>A rounded matrix, before it is packed into words.</summary>
/// <param name="Numbers">[inputs, outputs], each below 16.</param>
/// <param name="Zeros">[groups, outputs], each below 16.</param>
/// <param name="Scales">[groups, outputs].</param>
internal sealed record PackedMatrix(byte[] Numbers, byte[] Zeros, Half[] Scales);
