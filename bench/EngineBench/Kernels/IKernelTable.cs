using Octavo.EngineBench.Results;

namespace Octavo.EngineBench.Kernels;

/// <summary>A kind of kernel over the shapes that it is used with.</summary>
internal interface IKernelTable
{
    /// <summary>As <c>--tables</c> names it.</summary>
    string Name { get; }

    IReadOnlyList<ResultTable> Measure(KernelBench bench);
}
