using Octavo.Operator.Entities;

namespace Octavo.Operator.Dialects;

/// <summary>How a model is spread over the accelerators of a replica.</summary>
/// <param name="Tensor">Accelerators that hold a layer together.</param>
/// <param name="Pipeline">Groups of them that hold the layers one after the other.</param>
internal sealed record AcceleratorLayout(int Tensor, int Pipeline)
{
    /// <summary>
    /// What the spec says; what it leaves open uses all accelerators: layers are split within a node, where links are fast, and follow one another over nodes.
    /// Slices of one device (MIG) do not talk to each other, so that nothing is spread over them by itself.
    /// </summary>
    public static AcceleratorLayout Of(InferenceServiceSpec spec)
    {
        var engine = spec.Runtime?.Engine;
        var isSlice = spec.Accelerator?.Resource?.Contains("/mig-", StringComparison.Ordinal) == true;
        var perNode = isSlice ? 1 : spec.Accelerator?.Count ?? 1;
        var nodes = spec.Accelerator?.Nodes ?? 1;
        return (engine?.TensorParallelSize, engine?.PipelineParallelSize) switch
        {
            ({ } tensor, { } pipeline) => new AcceleratorLayout(tensor, pipeline),
            ({ } tensor, null) => new AcceleratorLayout(tensor, Math.Max(1, nodes > 1 ? perNode * nodes / tensor : 1)),
            (null, { } pipeline) => new AcceleratorLayout(Math.Max(1, perNode * nodes / pipeline), pipeline),
            _ => new AcceleratorLayout(perNode, nodes),
        };
    }
}
