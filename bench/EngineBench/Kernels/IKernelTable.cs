using Octavo.EngineBench.Results;

namespace Octavo.EngineBench.Kernels;

/// <summary>One table of the kernel benchmark: a kind of kernel over the shapes that it is used with.</summary>
internal interface IKernelTable
{
    /// <summary>As <c>--tables</c> names it.</summary>
    string Name { get; }

    ResultTable Measure(KernelBench bench);
}
