using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Layers;

/// <summary>The part of a layer after its attention: one gated network, or a mixture of them.</summary>
public interface IFeedForward : IDisposable
{
    /// <summary>Whether the host does a part between the device's.</summary>
    bool NeedsHost => false;

    /// <summary>hidden [T, H] is replaced by the output.</summary>
    void Forward(in Tensor hidden, ActivationArena arena);
}
