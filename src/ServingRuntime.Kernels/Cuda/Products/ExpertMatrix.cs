using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels.Cuda.Device;
using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Kernels.Cuda.Products;

/// <summary>The same matrix of many experts: of one shape and form, found by a table on the device (WeightEntry in fragments.cuh).</summary>
internal sealed class ExpertMatrix : IDisposable
{
    private readonly DeviceMemory table;

    private ExpertMatrix(LinearWeight first, DeviceMemory table)
    {
        this.table = table;
        (InFeatures, OutFeatures) = (first.InFeatures, first.OutFeatures);
        if (first is QuantizedWeight packed)
        {
            (DType, Bits, Map, ParameterPitch) = (packed.DType, packed.Bits, packed.Map, packed.ParameterPitch);
            (Quads, GroupSteps, Groups) = (packed.Layout.Quads, packed.Layout.GroupSteps, packed.Layout.Groups);
        }
        else
        {
            DType = ((DenseWeight)first).Matrix.DType;
            Quads = (InFeatures + QuantizedLayout.Quad - 1) / QuantizedLayout.Quad;
            GroupSteps = QuantizedLayout.MostGroupSteps;
            Groups = ((2 * Quads) + GroupSteps - 1) / GroupSteps;
        }
    }

    public int InFeatures { get; }

    public int OutFeatures { get; }

    /// <summary>Of the activations in products.</summary>
    public DType DType { get; }

    /// <summary>4 or 8; 0: dense.</summary>
    public int Bits { get; }

    public int Quads { get; }

    public int Positions => Quads * QuantizedLayout.Quad;

    public int GroupSteps { get; }

    public int Groups { get; }

    public int ParameterPitch { get; }

    /// <summary>Input of each position, of all experts; 0: the same.</summary>
    public nint Map { get; }

    public nint Table => table.Address;

    /// <returns>Null: they are not alike, or rows of dense halves are not aligned.</returns>
    public static ExpertMatrix? Create(CudaDevice device, StagedCopies copies, IReadOnlyList<LinearWeight> weights)
    {
        if (!weights.All(weight => IsLike(weight, weights[0])))
        {
            return null;
        }

        var entries = new long[4 * weights.Count];
        for (var e = 0; e < weights.Count; e++)
        {
            (entries[4 * e], entries[(4 * e) + 1], entries[(4 * e) + 2]) = weights[e] is QuantizedWeight packed
                ? (packed.Values, packed.Parameters, packed.BiasAddress)
                : (Address(((DenseWeight)weights[e]).Matrix), 0, Address(((DenseWeight)weights[e]).BiasOf(DType.Float32)));
        }

        var table = device.Allocate(entries.Length * sizeof(long), CudaMemoryPurpose.Weights);
        copies.ToDevice(MemoryMarshal.AsBytes(entries.AsSpan()), table.Address);
        return new ExpertMatrix(weights[0], table);
    }

    public void Dispose() => table.Dispose();

    private static bool IsLike(LinearWeight weight, LinearWeight first)
    {
        if (weight.InFeatures != first.InFeatures || weight.OutFeatures != first.OutFeatures)
        {
            return false;
        }

        return (weight, first) switch
        {
            (DenseWeight one, DenseWeight other) => one.Matrix.DType == other.Matrix.DType && (one.Matrix.DType == DType.Float32 || one.InFeatures % 8 == 0),
            (QuantizedWeight one, QuantizedWeight other) => one.DType == other.DType && one.Bits == other.Bits && one.ParameterPitch == other.ParameterPitch
                && one.Layout.GroupSteps == other.Layout.GroupSteps && one.Layout.Quads == other.Layout.Quads && AreEqual(one.Layout.Map, other.Layout.Map),
            _ => false,
        };
    }

    private static bool AreEqual(int[]? one, int[]? other) => one is null ? other is null : other is not null && one.AsSpan().SequenceEqual(other);

    private static unsafe nint Address(in Tensor? tensor) => tensor is { } found ? (nint)found.Pointer<byte>() : 0;
}
