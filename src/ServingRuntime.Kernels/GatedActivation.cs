namespace Octavo.ServingRuntime.Kernels;

/// <summary>The function of the gate in a gated feed-forward layer, in Hugging Face's names.</summary>
public enum GatedActivation
{
    /// <summary>x / (1 + exp(-x)).</summary>
    Silu,

    /// <summary>gelu_pytorch_tanh: x / 2 · (1 + tanh(sqrt(2 / π) · (x + 0.044715 x³))).</summary>
    GeluTanh,
}
