using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cuda.Collectives;

/// <summary>What the ranks of a communicator find each other by (ncclUniqueId): made by one of them, carried to the others by whatever means. Passed by value.</summary>
[InlineArray(Bytes)]
internal struct NcclUniqueId
{
    public const int Bytes = 128;
    private byte first;
}
