using System.Runtime.CompilerServices;
using Octavo.ServingRuntime.Kernels.Cpu.Attention;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>The kernels of one vector width, on raw memory and for a part of the work: one virtual call a part, none inside.</summary>
internal abstract unsafe class KernelSet
{
    public static KernelSet For(CpuInstructionSet instructions) => instructions.Lanes() switch
    {
        16 => new KernelSet<Lanes512, System.Runtime.Intrinsics.Vector512<float>>(),
        8 => new KernelSet<Lanes256, System.Runtime.Intrinsics.Vector256<float>>(),
        _ => new KernelSet<Lanes128, System.Runtime.Intrinsics.Vector128<float>>(),
    };

    /// <summary>Outputs of a panel of <see cref="PackedLinear"/>.</summary>
    public abstract int PanelWidth { get; }

    /// <summary>Products with weights of a type, by intrinsics.</summary>
    public abstract DenseProduct Product(DType dtype);

    public abstract void RmsNorm(float* x, float* residual, float* weight, int width, float epsilon, float* output);

    public abstract void RotaryEmbedding(float* x, int heads, int headDim, float* cosSin, int rotaryDim, bool interleaved);

    /// <param name="range">One range of the unit; -1: all, to the outputs.</param>
    public abstract void PagedAttention(in AttentionArguments arguments, in AttentionUnit unit, in AttentionTile tile, int range);

    public abstract void CombineAttention(in AttentionArguments arguments, in AttentionUnit unit);

    /// <param name="gateUp">Rows of the gate's width inputs and as many of its other side.</param>
    public abstract void ActivationMul(GatedActivation activation, float* gateUp, nint gateUpStride, int rows, int width, float* output, nint outputStride);

    public abstract void SoftCap(float* x, int width, float cap);

    public abstract int ArgMax(float* row, int begin, int end);

    public abstract void LogSoftmax(float* logits, int width, float* output);

    public abstract void WidenBFloat16(ushort* source, int count, float* output);
}

internal sealed unsafe class KernelSet<TOps, TVector> : KernelSet
    where TOps : struct, ILaneOps<TVector>
    where TVector : struct
{
    public override int PanelWidth => 2 * TOps.Count;

    public override DenseProduct Product(DType dtype) => dtype switch
    {
        DType.BFloat16 => new IntrinsicProduct<TOps, TVector, BFloat16Panel<TOps, TVector>>(),
        DType.Float16 => new IntrinsicProduct<TOps, TVector, Float16Panel<TOps, TVector>>(),
        _ => new IntrinsicProduct<TOps, TVector, Float32Panel<TOps, TVector>>(),
    };

    public override void RmsNorm(float* x, float* residual, float* weight, int width, float epsilon, float* output) =>
        Cpu.RmsNorm.Run<TOps, TVector>(x, residual, weight, width, epsilon, output);

    public override void RotaryEmbedding(float* x, int heads, int headDim, float* cosSin, int rotaryDim, bool interleaved)
    {
        if (interleaved)
        {
            Cpu.RotaryEmbedding.RunInterleaved(x, heads, headDim, cosSin, rotaryDim);
        }
        else
        {
            Cpu.RotaryEmbedding.Run<TOps, TVector>(x, heads, headDim, cosSin, rotaryDim);
        }
    }

    public override void PagedAttention(in AttentionArguments arguments, in AttentionUnit unit, in AttentionTile tile, int range)
    {
        switch (arguments.Layout.DType)
        {
            case DType.Float32:
                PagedAttention<Float32Cache<TOps, TVector>>(arguments, unit, tile, range);
                break;
            case DType.BFloat16:
                PagedAttention<BFloat16Cache<TOps, TVector>>(arguments, unit, tile, range);
                break;
            case DType.Int8:
                PagedAttention<EightBitCache<TOps, TVector, Int8Code>>(arguments, unit, tile, range);
                break;
            default:
                PagedAttention<EightBitCache<TOps, TVector, Float8Code>>(arguments, unit, tile, range);
                break;
        }
    }

    public override void CombineAttention(in AttentionArguments arguments, in AttentionUnit unit) => Attention.PagedAttention.Combine<TOps, TVector>(arguments, unit);

    public override void ActivationMul(GatedActivation activation, float* gateUp, nint gateUpStride, int rows, int width, float* output, nint outputStride)
    {
        if (activation == GatedActivation.Silu)
        {
            Activation.Multiply<TOps, TVector, SiluGate<TOps, TVector>>(gateUp, gateUpStride, rows, width, output, outputStride);
        }
        else
        {
            Activation.Multiply<TOps, TVector, GeluTanhGate<TOps, TVector>>(gateUp, gateUpStride, rows, width, output, outputStride);
        }
    }

    private static void PagedAttention<TFormat>(in AttentionArguments arguments, in AttentionUnit unit, in AttentionTile tile, int range)
        where TFormat : struct, IKeyValueFormat<TOps, TVector>
    {
        if (range < 0)
        {
            Attention.PagedAttention.Run<TOps, TVector, TFormat>(arguments, unit, tile);
        }
        else
        {
            Attention.PagedAttention.RunRange<TOps, TVector, TFormat>(arguments, unit, tile, range);
        }
    }

    public override void SoftCap(float* x, int width, float cap) => Activation.SoftCap<TOps, TVector>(x, width, cap);

    public override int ArgMax(float* row, int begin, int end) => Cpu.ArgMax.Run<TOps, TVector>(row, begin, end);

    public override void LogSoftmax(float* logits, int width, float* output) => Cpu.LogSoftmax.Run<TOps, TVector>(logits, width, output);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void WidenBFloat16(ushort* source, int count, float* output)
    {
        var i = 0;
        for (; i + TOps.Count <= count; i += TOps.Count)
        {
            TOps.Store(TOps.LoadBFloat16(source + i), output + i);
        }

        for (; i < count; i++)
        {
            output[i] = HostValues.FromBFloat16(source[i]);
        }
    }
}
