using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Layers;

/// <summary>Root-mean-square norm over the hidden size.</summary>
public sealed class RmsNorm(WeightLoader weights, string prefix, int hiddenSize, float epsilon) : IDisposable
{
    private readonly IKernelBackend backend = weights.Backend;
    private readonly Tensor weight = weights.Vector(prefix + ".weight", hiddenSize);

    public void Forward(in Tensor x, in Tensor output) => backend.RmsNorm(x, weight, epsilon, output);

    /// <summary>residual += x; output = norm of the sum.</summary>
    public void ForwardAdd(in Tensor x, in Tensor residual, in Tensor output) => backend.AddRmsNorm(x, residual, weight, epsilon, output);

    public void Dispose() => weight.Memory.Dispose();
}
