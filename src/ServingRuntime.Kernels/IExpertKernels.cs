namespace Octavo.ServingRuntime.Kernels;

/// <summary>A mixture of experts in few operations, none of which brings anything to the host: what a backend may offer beside <see cref="IKernelBackend"/>.</summary>
public interface IExpertKernels
{
    /// <summary>Experts' networks, down(activation(gate(x)) · up(x)), to be computed together. Their weights are looked at where they are, and must outlive what is returned.</summary>
    /// <param name="gateUp">One [2F, H] for each expert, the gate's outputs first.</param>
    /// <param name="down">One [H, F] for each.</param>
    /// <returns>Null: these weights differ too much to be computed together.</returns>
    ExpertWeights? CreateExperts(IReadOnlyList<LinearWeight> gateUp, IReadOnlyList<LinearWeight> down, GatedActivation activation);

    /// <summary>
    /// output [T, H] float32 = for each token the sum of its k best experts' outputs by their weights (as <see cref="IKernelBackend.TopExperts"/> gives them), added in the order of the experts.
    /// </summary>
    /// <param name="x">[T, H], of any activation type.</param>
    /// <param name="logits">float32 [T, experts].</param>
    void Experts(in Tensor x, in Tensor logits, int k, bool renormalize, ExpertWeights experts, in Tensor output);

    /// <summary>output [T, H] float32 += x / (1 + e^-gate), for gate [T, 1] float32: what all tokens share.</summary>
    void AddGated(in Tensor x, in Tensor gate, in Tensor output);
}
