using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;

namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <content>Work on each row by itself.</content>
internal sealed partial class KernelLauncher
{
    private const string RowsSource = "rows.cu", ElementwiseSource = "elementwise.cu";
    private const int WarpsPerBlock = 4;
    private static readonly KernelNames NormNames = new("octavo_rms_norm");
    private static readonly KernelNames HeadNormNames = new("octavo_head_rms_norm");
    private static readonly KernelNames RotaryNames = new("octavo_rotary_embedding");
    private static readonly KernelNames SiluNames = new("octavo_silu_mul");
    private static readonly KernelNames GeluTanhNames = new("octavo_gelu_tanh_mul");
    private static readonly KernelNames FillNames = new("octavo_fill");
    private static readonly KernelNames ScaleNames = new("octavo_scale");
    private static readonly KernelNames SoftCapNames = new("octavo_soft_cap");
    private static readonly KernelNames CopyNames = new("octavo_copy");

    // Heads of rows, which kernels count in 32 bits.
    private const long MaxUnits = 1 << 30;

    /// <inheritdoc cref="IKernelBackend.RmsNorm"/>
    /// <remarks>x is of the output's type or float32, as the residual stream is.</remarks>
    public void RmsNorm(in Tensor x, in Tensor weight, float epsilon, in Tensor output) => Norm(x, default, 0, weight, epsilon, output);

    /// <inheritdoc cref="IKernelBackend.AddRmsNorm"/>
    public void AddRmsNorm(in Tensor x, in Tensor residual, in Tensor weight, float epsilon, in Tensor output)
    {
        Activations(residual, x.Shape[0], x.Shape[1], DType.Float32, nameof(residual));
        Activations(output, x.Shape[0], x.Shape[1], x.DType, nameof(output));
        Norm(x, residual, residual.RowStride, weight, epsilon, output);
    }

    /// <inheritdoc cref="IKernelBackend.HeadRmsNorm"/>
    public void HeadRmsNorm(in Tensor x, int headDim, in Tensor weight, float epsilon)
    {
        int rows = x.Shape[0], heads = Heads(x, headDim);
        Arguments.Vector(weight, DType.Float32, headDim);
        Arguments.That((long)rows * heads <= MaxUnits, $"{rows} rows of {heads} heads in one launch");
        kernels[RowsSource, HeadNormNames[x.DType]].Launch(
            stream, new LaunchGrid(Parts((long)rows * heads, WarpsPerBlock)), 32 * WarpsPerBlock, [x, (long)x.RowStride, rows, heads, headDim, weight, epsilon]);
    }

    /// <inheritdoc cref="IKernelBackend.RotaryEmbedding"/>
    public void RotaryEmbedding(in Tensor x, int headDim, in Tensor positions, in Tensor cosSin, bool interleaved = false)
    {
        int rows = x.Shape[0], heads = Heads(x, headDim), rotary = cosSin.Shape[1];
        Arguments.Matrix(cosSin, cosSin.Shape[0], rotary);
        Arguments.Vector(positions, DType.Int32, rows);
        Arguments.That(rotary <= headDim && rotary % 2 == 0, $"rotation {cosSin.Shape} of heads of {headDim} in {x.Shape}");
        kernels[RowsSource, RotaryNames[x.DType]].Launch(
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
            GatedActivation.Silu => SiluNames[gateUp.DType],
            GatedActivation.GeluTanh => GeluTanhNames[gateUp.DType],
            _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "no kernel"),
        };
        var perBlock = RowThreads * (16 / gateUp.DType.Size());
        kernels[ElementwiseSource, kernel].Launch(
            stream, new LaunchGrid(Parts(width, perBlock), Math.Min(rows, LaunchGrid.MaxY)), RowThreads, [gateUp, (long)gateUp.RowStride, output, (long)output.RowStride, rows, width]);
    }

    /// <inheritdoc cref="IKernelBackend.Fill"/>
    public void Fill(in Tensor x, float value) => Map(FillNames, x, value);

    /// <inheritdoc cref="IKernelBackend.Scale"/>
    public void Scale(in Tensor x, float factor) => Map(ScaleNames, x, factor);

    /// <inheritdoc cref="IKernelBackend.SoftCap"/>
    public void SoftCap(in Tensor x, float cap) => Map(SoftCapNames, x, cap);

    /// <inheritdoc cref="IKernelBackend.Copy"/>
    /// <remarks>Into another type to nearest even; not from one of two bytes into the other.</remarks>
    public void Copy(in Tensor source, in Tensor destination)
    {
        Activations(source, source.Shape[0], source.Shape[1], source.DType, nameof(source));
        Activations(destination, source.Shape[0], source.Shape[1], destination.DType, nameof(destination));
        Arguments.That(source.DType == destination.DType || source.DType == DType.Float32 || destination.DType == DType.Float32, $"a copy of {source.DType} into {destination.DType}");
        Map(CopyNames[source.DType, destination.DType], source, destination, 0);
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
        Activations(output, rows, width, output.DType, nameof(output));
        Arguments.That(x.DType == DType.Float32 || x.DType == output.DType, $"the norm of {x.DType} in {output.DType}");
        Arguments.Vector(weight, DType.Float32, width);
        kernels[RowsSource, NormNames[x.DType, output.DType]].Launch(
            stream, new LaunchGrid(rows), RowThreads, [x, (long)x.RowStride, residual, residualStride, weight, epsilon, output, (long)output.RowStride, width]);
    }

    private void Map(KernelNames names, in Tensor x, float parameter)
    {
        Activations(x, x.Shape[0], x.Shape[1], x.DType, nameof(x));
        Map(names[x.DType], x, x, parameter);
    }

    private void Map(string kernel, in Tensor from, in Tensor to, float parameter)
    {
        int rows = from.Shape[0], width = from.Shape[1];
        kernels[ElementwiseSource, kernel].Launch(
            stream,
            new LaunchGrid(Parts(width, RowThreads), Math.Min(rows, LaunchGrid.MaxY)),
            RowThreads,
            [from, (long)from.RowStride, to, (long)to.RowStride, rows, width, parameter]);
    }
}
