using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>One vector of a <see cref="QuantizedLinear"/>'s outputs.</summary>
internal readonly unsafe struct QuantizedColumns
{
    private readonly byte* parameters;
    private readonly int parameterBytes;
    private readonly int scaleBytes;
    private readonly int column;
    private readonly bool halfScales;
    private readonly ZeroForm form;
    private readonly int zero;

    public QuantizedColumns(QuantizedLinear weight, int output)
    {
        (var panel, column) = Math.DivRem(output, QuantizedLinear.PanelWidth);
        Output = output;
        parameters = weight.Panel(panel);
        parameterBytes = weight.Parameters.Bytes;
        scaleBytes = weight.Parameters.ScaleBytes;
        halfScales = weight.Parameters.HalfScales;
        form = weight.Parameters.Form;
        zero = weight.Parameters.Zero;
        Values = parameters + weight.HeaderBytes + (column * 4);
    }

    /// <summary>The first of the outputs.</summary>
    public int Output { get; }

    /// <summary>Their first step of values; the next is 64 bytes on.</summary>
    public byte* Values { get; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Scale<TOps, TVector>(int group)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var from = parameters + (group * (nint)parameterBytes);
        return halfScales ? TOps.LoadFloat16((ushort*)from + column) : TOps.Load((float*)from + column);
    }

    /// <summary>What a weight's value · scale is lessened by.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Offset<TQuantized, TInt, TOps, TVector>(int group, TVector scale)
        where TQuantized : struct, IQuantizedOps<TInt, TVector>
        where TInt : struct
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var from = parameters + (group * (nint)parameterBytes) + scaleBytes;
        return form switch
        {
            ZeroForm.Constant => TOps.Multiply(TOps.Broadcast(zero), scale),
            ZeroForm.Bytes => TOps.Multiply(TQuantized.ToFloat(TQuantized.LoadBytesInt(from + column)), scale),
            _ => TOps.Load((float*)from + column),
        };
    }

    /// <summary>What a block's dot products begin with, so that they come out as of value - zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TInt Start<TQuantized, TInt, TVector>(int group, int correction)
        where TQuantized : struct, IQuantizedOps<TInt, TVector>
        where TInt : struct
        where TVector : struct => form switch
        {
            ZeroForm.Constant => TQuantized.BroadcastInt(correction),
            ZeroForm.Bytes => TQuantized.Multiply(
                TQuantized.LoadBytesInt(parameters + (group * (nint)parameterBytes) + scaleBytes + column), TQuantized.BroadcastInt(correction)),
            _ => TQuantized.ZeroInt,
        };

    /// <summary>A group's part of the outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Finish<TQuantized, TInt, TOps, TVector>(int group, TVector inner, TVector outputs, float sum)
        where TQuantized : struct, IQuantizedOps<TInt, TVector>
        where TInt : struct
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var scale = Scale<TOps, TVector>(group);
        outputs = TOps.MultiplyAdd(inner, scale, outputs);
        return form == ZeroForm.Offsets
            ? TOps.MultiplyAdd(TOps.Subtract(TOps.Zero, Offset<TQuantized, TInt, TOps, TVector>(group, scale)), TOps.Broadcast(sum), outputs)
            : outputs;
    }

    /// <summary>Adds the bias and stores those outputs that the weight has.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TOps, TVector>(QuantizedLinear weight, int output, TVector values, float* y)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        if (weight.Bias is not null)
        {
            values = TOps.Add(values, TOps.Load(weight.Bias + output));
        }

        if (output + TOps.Count <= weight.OutFeatures)
        {
            TOps.Store(values, y + output);
        }
        else
        {
            StorePart<TOps, TVector>(values, y + output, weight.OutFeatures - output);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StorePart<TOps, TVector>(TVector values, float* y, int count)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var all = stackalloc float[TOps.Count];
        TOps.Store(values, all);
        for (var i = 0; i < count; i++)
        {
            y[i] = all[i];
        }
    }
}
