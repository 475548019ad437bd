using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Compilation;
using Octavo.ServingRuntime.Kernels.Cuda.Launch;
using Octavo.ServingRuntime.Kernels.Cuda.Products;

namespace Octavo.ServingRuntime.Kernels.Cuda;

/// <content>Mixtures of experts.</content>
public sealed partial class CudaBackend : IExpertKernels
{
    public ExpertWeights? CreateExperts(IReadOnlyList<LinearWeight> gateUp, IReadOnlyList<LinearWeight> down, GatedActivation activation)
    {
        Arguments.That(gateUp.Count > 0 && gateUp.Count == down.Count, $"{gateUp.Count} and {down.Count} matrices of experts");
        if (gateUp.Count > KernelLauncher.MostExperts)
        {
            return null;
        }

        var first = ExpertMatrix.Create(device, copies, gateUp);
        var second = first is null ? null : ExpertMatrix.Create(device, copies, down);
        if (first is null || second is null || first.DType != second.DType)
        {
            first?.Dispose();
            second?.Dispose();
            return null;
        }

        Arguments.That(first.OutFeatures == 2 * second.InFeatures && first.InFeatures == second.OutFeatures, $"experts of [{first.OutFeatures}, {first.InFeatures}] and [{second.OutFeatures}, {second.InFeatures}]");
        kernels.LoadAll(KernelSource.OfExperts(first.Bits, first.DType));
        kernels.LoadAll(KernelSource.OfExperts(second.Bits, second.DType));
        return new DeviceExperts(gateUp.Count, activation, first, second);
    }

    public void Experts(in Tensor x, in Tensor logits, int k, bool renormalize, ExpertWeights experts, in Tensor output) =>
        expertProducts.Compute(x, logits, k, renormalize, (DeviceExperts)experts, output);

    public void AddGated(in Tensor x, in Tensor gate, in Tensor output) => launcher.AddGated(x, gate, output);
}
