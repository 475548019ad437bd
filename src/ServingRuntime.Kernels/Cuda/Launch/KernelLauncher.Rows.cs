using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;

namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <content>Work on each row by itself.</content>
internal sealed partial class KernelLauncher
{
    private const string RowsSource = "rows.cu", ElementwiseSource = "elementwise.cu";
    private const int WarpsPerBlock = 4;

    // Heads of rows, which kernels count in 32 bits.
    private const long MaxUnits = 1 << 30;

    /// <inheritdoc cref="IKernelBackend.RmsNorm"/>
    public void RmsNorm(in Tensor x, in Tensor weight, float epsilon, in Tensor output) => Norm(x, default, 0, weight, epsilon, output);

    /// <inheritdoc cref="IKernelBackend.AddRmsNorm"/>
    public void AddRmsNorm(in Tensor x, in Tensor residual, in Tensor weight, float epsilon, in Tensor output)
    {
        Activations(residual, x.Shape[0], x.Shape[1], x.DType, nameof(residual));
        Norm(x, residual, residual.RowStride, weight, epsilon, output);
    }

    /// <inheritdoc cref="IKernelBackend.HeadRmsNorm"/>
    public void HeadRmsNorm(in Tensor x, int headDim, in Tensor weight, float epsilon)
    {
        int rows = x.Shape[0], heads = Heads(x, headDim);
        Arguments.Vector(weight, DType.Float32, headDim);
        Arguments.That((long)rows * heads <= MaxUnits, $"{rows} rows of {heads} heads in one launch");
        kernels[RowsSource, ByType(x.DType, "octavo_head_rms_norm_f32", "octavo_head_rms_norm_bf16")].Launch(
            stream, new LaunchGrid(Parts((long)rows * heads, WarpsPerBlock)), 32 * WarpsPerBlock, [x, (long)x.RowStride, rows, heads, headDim, weight, epsilon]);
    }

    /// <inheritdoc cref="IKernelBackend.RotaryEmbedding"/>
    public void RotaryEmbedding(in Tensor x, int headDim, in Tensor positions, in Tensor cosSin, bool interleaved = false)
    {
        int rows = x.Shape[0], heads = Heads(x, headDim), rotary = cosSin.Shape[1];
        Arguments.Matrix(cosSin, cosSin.Shape[0], rotary);
        Arguments.Vector(positions, DType.Int32, rows);
        Arguments.That(rotary <= headDim && rotary % 2 == 0, $"rotation {cosSin.Shape} of heads of {headDim} in {x.Shape}");
        kernels[RowsSource, ByType(x.DType, "octavo_rotary_embedding_f32", "octavo_rotary_embedding_bf16")].Launch(
            stream,
            new LaunchGrid(rows, Parts((long)heads * (rotary / 2), RowThreads)),
            RowThreads,
            [x, (long)x.RowStride, heads, headDim, positions, cosSin, (long)cosSin.RowStride, cosSin.Shape[0], rotary, interleaved ? 1 : 0]);
    }

    /// <inheritdoc cref="IKernelBackend.ActivationMul"/>
    public void ActivationMul(GatedActivation activation, in Tensor gateUp, in Tensor output)
    {
        int rows = output.Shape[0], width = output.Shape[1];
        Activations(gateUp, rows, 2 * width, gateUp.DType, nameof(gateUp));
        Activations(output, rows, width, gateUp.DType, nameof(output));
        var kernel = activation switch
        {
            GatedActivation.Silu => ByType(gateUp.DType, "octavo_silu_mul_f32", "octavo_silu_mul_bf16"),
            GatedActivation.GeluTanh => ByType(gateUp.DType, "octavo_gelu_tanh_mul_f32", "octavo_gelu_tanh_mul_bf16"),
            _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "no kernel"),
        };
        var perBlock = RowThreads * (16 / gateUp.DType.Size());
        kernels[ElementwiseSource, kernel].Launch(
            stream, new LaunchGrid(Parts(width, perBlock), Math.Min(rows, LaunchGrid.MaxY)), RowThreads, [gateUp, (long)gateUp.RowStride, output, (long)output.RowStride, rows, width]);
    }

    /// <inheritdoc cref="IKernelBackend.Fill"/>
    public void Fill(in Tensor x, float value) => Map(ByType(x.DType, "octavo_fill_f32", "octavo_fill_bf16"), x, x, value);

    /// <inheritdoc cref="IKernelBackend.Scale"/>
    public void Scale(in Tensor x, float factor) => Map(ByType(x.DType, "octavo_scale_f32", "octavo_scale_bf16"), x, x, factor);

    /// <inheritdoc cref="IKernelBackend.SoftCap"/>
    public void SoftCap(in Tensor x, float cap) => Map(ByType(x.DType, "octavo_soft_cap_f32", "octavo_soft_cap_bf16"), x, x, cap);

    /// <inheritdoc cref="IKernelBackend.Copy"/>
    public void Copy(in Tensor source, in Tensor destination) => Map(ByType(source.DType, "octavo_copy_f32", "octavo_copy_bf16"), source, destination, 0);

    /// <summary>to [T, H] bfloat16 = from [T, H] float32, to nearest even.</summary>
    public void Round(in Tensor from, in Tensor to)
    {
        int rows = from.Shape[0], width = from.Shape[1];
        Activations(from, rows, width, DType.Float32, nameof(from));
        Activations(to, rows, width, DType.BFloat16, nameof(to));
        kernels[ElementwiseSource, "octavo_round_bf16"].Launch(
            stream, new LaunchGrid(Parts(width, RowThreads), Math.Min(rows, LaunchGrid.MaxY)), RowThreads, [from, (long)from.RowStride, to, (long)to.RowStride, rows, width]);
    }

    private static int Heads(in Tensor x, int headDim)
    {
        Activations(x, x.Shape[0], x.Shape[1], x.DType, nameof(x));
        Arguments.That(headDim > 0 && x.Shape[1] % headDim == 0, $"heads of {headDim} in {x.Shape}");
        return x.Shape[1] / headDim;
    }

    private void Norm(in Tensor x, KernelArgument residual, long residualStride, in Tensor weight, float epsilon, in Tensor output)
    {
        int rows = x.Shape[0], width = x.Shape[1];
        Activations(x, rows, width, x.DType, nameof(x));
        Activations(output, rows, width, x.DType, nameof(output));
        Arguments.Vector(weight, DType.Float32, width);
        kernels[RowsSource, ByType(x.DType, "octavo_rms_norm_f32", "octavo_rms_norm_bf16")].Launch(
            stream, new LaunchGrid(rows), RowThreads, [x, (long)x.RowStride, residual, residualStride, weight, epsilon, output, (long)output.RowStride, width]);
    }

    private void Map(string kernel, in Tensor from, in Tensor to, float parameter)
    {
        int rows = from.Shape[0], width = from.Shape[1];
        Activations(from, rows, width, from.DType, nameof(from));
        Activations(to, rows, width, from.DType, nameof(to));
        kernels[ElementwiseSource, kernel].Launch(
            stream,
            new LaunchGrid(Parts(width, RowThreads), Math.Min(rows, LaunchGrid.MaxY)),
            RowThreads,
            [from, (long)from.RowStride, to, (long)to.RowStride, rows, width, parameter]);
    }
}
