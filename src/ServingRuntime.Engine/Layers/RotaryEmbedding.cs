using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Layers;

/// <summary>
/// Rotary positions (RoFormer, arXiv 2104.09864) in Hugging Face's layout. Frequencies and angles are rounded to float32 as transformers
/// computes them; cosine and sine are then taken of exactly that angle.
/// </summary>
public sealed class RotaryEmbedding : IDisposable
{
    private readonly IKernelBackend backend;
    private readonly int headDim;
    private readonly Tensor cosSin;

    public RotaryEmbedding(IKernelBackend backend, int headDim, double theta, int maxPositions)
    {
        this.backend = backend;
        this.headDim = headDim;
        cosSin = backend.Allocate(new TensorShape(maxPositions, headDim), DType.Float32);
        var half = headDim / 2;
        var table = new float[maxPositions * headDim];
        for (var i = 0; i < half; i++)
        {
            var frequency = 1f / (float)Math.Pow(theta, 2f * i / headDim);
            for (var position = 0; position < maxPositions; position++)
            {
                var angle = position * frequency;
                table[(position * headDim) + i] = (float)Math.Cos(angle);
                table[(position * headDim) + half + i] = (float)Math.Sin(angle);
            }
        }

        backend.CopyToDevice<float>(table, cosSin);
    }

    /// <summary>Rotates the heads in x [T, heads * headDim] in place.</summary>
    public void Forward(in Tensor x, in Tensor positions) => backend.RotaryEmbedding(x, headDim, positions, cosSin);

    public void Dispose() => cosSin.Memory.Dispose();
}
