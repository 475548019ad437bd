using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Layers;

/// <summary>
/// Rotary positions (RoFormer, arXiv 2104.09864) as a table of cosines and sines for every position. Frequencies and angles are rounded to float32 as
/// transformers computes them; cosine and sine are then taken of exactly that angle.
/// </summary>
public sealed class RotaryEmbedding : IDisposable
{
    private const int PositionsATask = 2048;
    private readonly bool interleaved;
    private readonly Tensor cosSin;

    /// <param name="backend">Where the table lives.</param>
    /// <param name="config">Head size and the model's own length.</param>
    /// <param name="rope">Frequencies, which may be those of some layers only.</param>
    /// <param name="maxModelLen">Positions of the table.</param>
    /// <param name="interleaved">Whether neighbours are rotated together rather than halves.</param>
    public RotaryEmbedding(IKernelBackend backend, ModelConfig config, RopeParameters rope, int maxModelLen, bool interleaved = false)
    {
        this.interleaved = interleaved;
        var headDim = config.HeadDim;
        var width = (int)(headDim * rope.PartialRotaryFactor) / 2 * 2;
        if (width <= 0 || width > headDim || (rope.Scaling == RopeScaling.LongRope && (rope.LongFactor.Count != width / 2 || rope.ShortFactor.Count != width / 2)))
        {
            throw new ModelLoader.CheckpointException(
                $"rope_scaling: {width} of {headDim} elements of a head cannot be rotated with {rope.LongFactor.Count} long and {rope.ShortFactor.Count} short factors");
        }

        var (frequencies, factor) = RotaryFrequencies.Create(rope, width, config.MaxPositionEmbeddings, maxModelLen);
        cosSin = backend.Allocate(new TensorShape(maxModelLen, width), DType.Float32);
        var half = width / 2;
        var table = new float[checked(maxModelLen * width)];

        // In parallel: a long model has millions of cosines, and the server is waited for.
        Parallel.For(0, (maxModelLen + PositionsATask - 1) / PositionsATask, task =>
        {
            for (var position = task * PositionsATask; position < Math.Min(maxModelLen, (task + 1) * PositionsATask); position++)
            {
                for (var i = 0; i < half; i++)
                {
                    var angle = position * frequencies[i];
                    table[(position * width) + i] = (float)Math.Cos(angle) * factor;
                    table[(position * width) + half + i] = (float)Math.Sin(angle) * factor;
                }
            }
        });
        backend.CopyToDevice<float>(table, cosSin);
    }

    public RotaryTable Table => new(cosSin, interleaved);

    public void Dispose() => cosSin.Memory.Dispose();
}
