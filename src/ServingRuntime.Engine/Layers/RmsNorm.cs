using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Layers;

/// <summary>Root-mean-square norm over a width: of hidden states, or of each head by itself.</summary>
/// <param name="weights">Has <c>{prefix}.weight</c> [width].</param>
/// <param name="weightOffset">Added to the weights as stored: 1 for Gemma.</param>
public sealed class RmsNorm(WeightLoader weights, string prefix, int width, float epsilon, float weightOffset = 0f) : IDisposable
{
    private readonly IKernelBackend backend = weights.Backend;
    private readonly Tensor weight = weights.Vector(prefix + ".weight", width, weightOffset);

    /// <summary>float32 [width], offset included.</summary>
    internal Tensor Weight => weight;

    /// <summary>The weights' name in the checkpoint.</summary>
    internal string WeightName => prefix + ".weight";

    internal float WeightOffset => weightOffset;

    public void Forward(in Tensor x, in Tensor output) => backend.RmsNorm(x, weight, epsilon, output);

    /// <summary>residual += x; output = norm of the sum.</summary>
    public void ForwardAdd(in Tensor x, in Tensor residual, in Tensor output) => backend.AddRmsNorm(x, residual, weight, epsilon, output);

    public void Dispose() => weight.Memory.Dispose();
}
