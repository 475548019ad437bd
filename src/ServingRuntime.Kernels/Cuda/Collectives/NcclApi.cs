using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Kernels.Cuda.Collectives;

/// <summary>NCCL's entry points; all but the names of errors return a ncclResult_t. Source: nccl.h of 2.x, in which these have not changed.</summary>
internal sealed unsafe class NcclApi(LoadedLibrary library)
{
    /// <summary>10000 · major + 100 · minor + patch.</summary>
    public readonly delegate* unmanaged[Cdecl]<int*, int> GetVersion = (delegate* unmanaged[Cdecl]<int*, int>)library.Export("ncclGetVersion");
    public readonly delegate* unmanaged[Cdecl]<NcclUniqueId*, int> GetUniqueId = (delegate* unmanaged[Cdecl]<NcclUniqueId*, int>)library.Export("ncclGetUniqueId");

    /// <summary>Communicator, ranks in all, their id, this rank. Returns when all of them are there.</summary>
    public readonly delegate* unmanaged[Cdecl]<nint*, int, NcclUniqueId, int, int> CommInitRank = (delegate* unmanaged[Cdecl]<nint*, int, NcclUniqueId, int, int>)library.Export("ncclCommInitRank");
    public readonly delegate* unmanaged[Cdecl]<nint, int> CommDestroy = (delegate* unmanaged[Cdecl]<nint, int>)library.Export("ncclCommDestroy");
    public readonly delegate* unmanaged[Cdecl]<nint, int> CommAbort = (delegate* unmanaged[Cdecl]<nint, int>)library.Export("ncclCommAbort");
    public readonly delegate* unmanaged[Cdecl]<nint, int*, int> CommGetAsyncError = (delegate* unmanaged[Cdecl]<nint, int*, int>)library.Export("ncclCommGetAsyncError");

    /// <summary>From, to, elements, type, operation, communicator, stream.</summary>
    public readonly delegate* unmanaged[Cdecl]<nint, nint, nuint, int, int, nint, nint, int> AllReduce =
        (delegate* unmanaged[Cdecl]<nint, nint, nuint, int, int, nint, nint, int>)library.Export("ncclAllReduce");

    /// <summary>From, to, elements of each rank's result, type, operation, communicator, stream.</summary>
    public readonly delegate* unmanaged[Cdecl]<nint, nint, nuint, int, int, nint, nint, int> ReduceScatter =
        (delegate* unmanaged[Cdecl]<nint, nint, nuint, int, int, nint, nint, int>)library.Export("ncclReduceScatter");

    /// <summary>From, to, elements of each rank, type, communicator, stream.</summary>
    public readonly delegate* unmanaged[Cdecl]<nint, nint, nuint, int, nint, nint, int> AllGather =
        (delegate* unmanaged[Cdecl]<nint, nint, nuint, int, nint, nint, int>)library.Export("ncclAllGather");

    /// <summary>From, to, elements, type, rank that they come from, communicator, stream.</summary>
    public readonly delegate* unmanaged[Cdecl]<nint, nint, nuint, int, int, nint, nint, int> Broadcast =
        (delegate* unmanaged[Cdecl]<nint, nint, nuint, int, int, nint, nint, int>)library.Export("ncclBroadcast");
    public readonly delegate* unmanaged[Cdecl]<int> GroupStart = (delegate* unmanaged[Cdecl]<int>)library.Export("ncclGroupStart");
    public readonly delegate* unmanaged[Cdecl]<int> GroupEnd = (delegate* unmanaged[Cdecl]<int>)library.Export("ncclGroupEnd");
    public readonly delegate* unmanaged[Cdecl]<int, nint> GetErrorString = (delegate* unmanaged[Cdecl]<int, nint>)library.Export("ncclGetErrorString");

    /// <summary>What the last error was about; null for none.</summary>
    public readonly delegate* unmanaged[Cdecl]<nint, nint> GetLastError = (delegate* unmanaged[Cdecl]<nint, nint>)library.Export("ncclGetLastError");
}
