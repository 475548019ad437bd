using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels.Cuda.Products;

namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <summary>Rows in fragments.cuh.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly unsafe struct RowsParameter
{
    private readonly nint address;
    private readonly long stride;
    private readonly int type;

    public RowsParameter(in Tensor rows) => (address, stride, type) = ((nint)rows.Pointer<byte>(), rows.RowStride, KernelElements.NumberOf(rows.DType));

    private RowsParameter(DType type) => this.type = KernelElements.NumberOf(type);

    /// <summary>No rows, but a type that they would have had.</summary>
    public static RowsParameter Absent(DType type) => new(type);
}

/// <summary>GroupSums in fragments.cuh.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct GroupSumsParameter(in Tensor? sums)
{
    private readonly nint address = Address(sums);
    private readonly long rows = sums?.RowStride ?? 0;

    private static unsafe nint Address(in Tensor? sums) => sums is { } found ? (nint)found.Pointer<byte>() : 0;
}

/// <summary>MatrixShape in fragments.cuh.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct MatrixShapeParameter(int inputs, int outputs, int quads, int groupSteps, int groups, int parameterPitch)
{
    private readonly int inputs = inputs;
    private readonly int outputs = outputs;
    private readonly int quads = quads;
    private readonly int groupSteps = groupSteps;
    private readonly int groups = groups;
    private readonly int parameterPitch = parameterPitch;

    /// <param name="outputs">Of which some are wanted.</param>
    public static MatrixShapeParameter Of(QuantizedWeight weight, int outputs) =>
        new(weight.InFeatures, outputs, weight.Layout.Quads, weight.Layout.GroupSteps, weight.Layout.Groups, weight.ParameterPitch);

    public static MatrixShapeParameter Of(ExpertMatrix matrix) => new(matrix.InFeatures, matrix.OutFeatures, matrix.Quads, matrix.GroupSteps, matrix.Groups, matrix.ParameterPitch);
}

/// <summary>Choices in fragments.cuh.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly unsafe struct ChoicesParameter(in ExpertTiles? tiles, int divisor)
{
    private readonly nint lists = tiles is { } found ? (nint)found.Lists.Pointer<byte>() : 0;
    private readonly long pitch = tiles?.Lists.RowStride ?? 0;
    private readonly nint counts = tiles is { } found ? (nint)found.Counts.Pointer<byte>() : 0;
    private readonly nint places = tiles is { } found ? (nint)found.Places.Pointer<byte>() : 0;
    private readonly int divisor = divisor;
}
