using System.Runtime.InteropServices;

namespace Octavo.ServingRuntime.Kernels.Cuda.Native;

/// <summary>The driver's entry points, under the names that its library exports (_v2 where the plain name is of the 32-bit days). All but the last return a CUresult.</summary>
internal sealed unsafe class CudaDriver
{
    public CudaDriver(LoadedLibrary library)
    {
        Path = library.Path;
        Init = (delegate* unmanaged[Cdecl]<uint, int>)library.Export("cuInit");
        DriverGetVersion = (delegate* unmanaged[Cdecl]<int*, int>)library.Export("cuDriverGetVersion");
        DeviceGetCount = (delegate* unmanaged[Cdecl]<int*, int>)library.Export("cuDeviceGetCount");
        DeviceGet = (delegate* unmanaged[Cdecl]<int*, int, int>)library.Export("cuDeviceGet");
        DeviceGetName = (delegate* unmanaged[Cdecl]<byte*, int, int, int>)library.Export("cuDeviceGetName");
        DeviceGetAttribute = (delegate* unmanaged[Cdecl]<int*, int, int, int>)library.Export("cuDeviceGetAttribute");
        DeviceTotalMem = (delegate* unmanaged[Cdecl]<nuint*, int, int>)library.Export("cuDeviceTotalMem_v2");
        PrimaryCtxRetain = (delegate* unmanaged[Cdecl]<nint*, int, int>)library.Export("cuDevicePrimaryCtxRetain");
        PrimaryCtxRelease = (delegate* unmanaged[Cdecl]<int, int>)library.Export("cuDevicePrimaryCtxRelease_v2");
        ctxSetCurrent = (delegate* unmanaged[Cdecl]<nint, int>)library.Export("cuCtxSetCurrent");
        CtxSynchronize = (delegate* unmanaged[Cdecl]<int>)library.Export("cuCtxSynchronize");
        MemGetInfo = (delegate* unmanaged[Cdecl]<nuint*, nuint*, int>)library.Export("cuMemGetInfo_v2");
        MemAlloc = (delegate* unmanaged[Cdecl]<nint*, nuint, int>)library.Export("cuMemAlloc_v2");
        MemFree = (delegate* unmanaged[Cdecl]<nint, int>)library.Export("cuMemFree_v2");
        MemHostAlloc = (delegate* unmanaged[Cdecl]<nint*, nuint, uint, int>)library.Export("cuMemHostAlloc");
        MemFreeHost = (delegate* unmanaged[Cdecl]<nint, int>)library.Export("cuMemFreeHost");
        MemcpyHtoDAsync = (delegate* unmanaged[Cdecl]<nint, void*, nuint, nint, int>)library.Export("cuMemcpyHtoDAsync_v2");
        MemcpyDtoHAsync = (delegate* unmanaged[Cdecl]<void*, nint, nuint, nint, int>)library.Export("cuMemcpyDtoHAsync_v2");
        MemcpyDtoDAsync = (delegate* unmanaged[Cdecl]<nint, nint, nuint, nint, int>)library.Export("cuMemcpyDtoDAsync_v2");
        MemsetD8Async = (delegate* unmanaged[Cdecl]<nint, byte, nuint, nint, int>)library.Export("cuMemsetD8Async");
        StreamCreate = (delegate* unmanaged[Cdecl]<nint*, uint, int>)library.Export("cuStreamCreate");
        StreamDestroy = (delegate* unmanaged[Cdecl]<nint, int>)library.Export("cuStreamDestroy_v2");
        StreamSynchronize = (delegate* unmanaged[Cdecl]<nint, int>)library.Export("cuStreamSynchronize");
        StreamWaitEvent = (delegate* unmanaged[Cdecl]<nint, nint, uint, int>)library.Export("cuStreamWaitEvent");
        EventCreate = (delegate* unmanaged[Cdecl]<nint*, uint, int>)library.Export("cuEventCreate");
        EventDestroy = (delegate* unmanaged[Cdecl]<nint, int>)library.Export("cuEventDestroy_v2");
        EventRecord = (delegate* unmanaged[Cdecl]<nint, nint, int>)library.Export("cuEventRecord");
        EventQuery = (delegate* unmanaged[Cdecl]<nint, int>)library.Export("cuEventQuery");
        EventSynchronize = (delegate* unmanaged[Cdecl]<nint, int>)library.Export("cuEventSynchronize");
        EventElapsedTime = (delegate* unmanaged[Cdecl]<float*, nint, nint, int>)library.Export("cuEventElapsedTime");
        ModuleLoadData = (delegate* unmanaged[Cdecl]<nint*, void*, uint, int*, void**, int>)library.Export("cuModuleLoadDataEx");
        ModuleUnload = (delegate* unmanaged[Cdecl]<nint, int>)library.Export("cuModuleUnload");
        ModuleGetFunction = (delegate* unmanaged[Cdecl]<nint*, nint, byte*, int>)library.Export("cuModuleGetFunction");
        FuncSetAttribute = (delegate* unmanaged[Cdecl]<nint, int, int, int>)library.Export("cuFuncSetAttribute");
        FuncGetAttribute = (delegate* unmanaged[Cdecl]<int*, int, nint, int>)library.Export("cuFuncGetAttribute");
        OccupancyMaxActiveBlocks = (delegate* unmanaged[Cdecl]<int*, nint, int, nuint, int>)library.Export("cuOccupancyMaxActiveBlocksPerMultiprocessor");
        LaunchKernel = (delegate* unmanaged[Cdecl]<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int>)library.Export("cuLaunchKernel");
        StreamBeginCapture = (delegate* unmanaged[Cdecl]<nint, int, int>)library.Export("cuStreamBeginCapture_v2");
        StreamEndCapture = (delegate* unmanaged[Cdecl]<nint, nint*, int>)library.Export("cuStreamEndCapture");
        GraphInstantiate = (delegate* unmanaged[Cdecl]<nint*, nint, ulong, int>)library.Export("cuGraphInstantiateWithFlags");
        GraphLaunch = (delegate* unmanaged[Cdecl]<nint, nint, int>)library.Export("cuGraphLaunch");
        GraphExecDestroy = (delegate* unmanaged[Cdecl]<nint, int>)library.Export("cuGraphExecDestroy");
        GraphDestroy = (delegate* unmanaged[Cdecl]<nint, int>)library.Export("cuGraphDestroy");
        getErrorName = (delegate* unmanaged[Cdecl]<int, byte**, int>)library.Export("cuGetErrorName");
        getErrorString = (delegate* unmanaged[Cdecl]<int, byte**, int>)library.Export("cuGetErrorString");
    }

    /// <summary>The library's.</summary>
    public string Path { get; }

    public readonly delegate* unmanaged[Cdecl]<uint, int> Init;
    public readonly delegate* unmanaged[Cdecl]<int*, int> DriverGetVersion;
    public readonly delegate* unmanaged[Cdecl]<int*, int> DeviceGetCount;
    public readonly delegate* unmanaged[Cdecl]<int*, int, int> DeviceGet;
    public readonly delegate* unmanaged[Cdecl]<byte*, int, int, int> DeviceGetName;
    public readonly delegate* unmanaged[Cdecl]<int*, int, int, int> DeviceGetAttribute;
    public readonly delegate* unmanaged[Cdecl]<nuint*, int, int> DeviceTotalMem;
    public readonly delegate* unmanaged[Cdecl]<nint*, int, int> PrimaryCtxRetain;
    public readonly delegate* unmanaged[Cdecl]<int, int> PrimaryCtxRelease;
    public readonly delegate* unmanaged[Cdecl]<int> CtxSynchronize;
    public readonly delegate* unmanaged[Cdecl]<nuint*, nuint*, int> MemGetInfo;
    public readonly delegate* unmanaged[Cdecl]<nint*, nuint, int> MemAlloc;
    public readonly delegate* unmanaged[Cdecl]<nint, int> MemFree;
    public readonly delegate* unmanaged[Cdecl]<nint*, nuint, uint, int> MemHostAlloc;
    public readonly delegate* unmanaged[Cdecl]<nint, int> MemFreeHost;
    public readonly delegate* unmanaged[Cdecl]<nint, void*, nuint, nint, int> MemcpyHtoDAsync;
    public readonly delegate* unmanaged[Cdecl]<void*, nint, nuint, nint, int> MemcpyDtoHAsync;
    public readonly delegate* unmanaged[Cdecl]<nint, nint, nuint, nint, int> MemcpyDtoDAsync;
    public readonly delegate* unmanaged[Cdecl]<nint, byte, nuint, nint, int> MemsetD8Async;
    public readonly delegate* unmanaged[Cdecl]<nint*, uint, int> StreamCreate;
    public readonly delegate* unmanaged[Cdecl]<nint, int> StreamDestroy;
    public readonly delegate* unmanaged[Cdecl]<nint, int> StreamSynchronize;
    public readonly delegate* unmanaged[Cdecl]<nint, nint, uint, int> StreamWaitEvent;
    public readonly delegate* unmanaged[Cdecl]<nint*, uint, int> EventCreate;
    public readonly delegate* unmanaged[Cdecl]<nint, int> EventDestroy;
    public readonly delegate* unmanaged[Cdecl]<nint, nint, int> EventRecord;
    public readonly delegate* unmanaged[Cdecl]<nint, int> EventQuery;
    public readonly delegate* unmanaged[Cdecl]<nint, int> EventSynchronize;
    public readonly delegate* unmanaged[Cdecl]<float*, nint, nint, int> EventElapsedTime;
    public readonly delegate* unmanaged[Cdecl]<nint*, void*, uint, int*, void**, int> ModuleLoadData;
    public readonly delegate* unmanaged[Cdecl]<nint, int> ModuleUnload;
    public readonly delegate* unmanaged[Cdecl]<nint*, nint, byte*, int> ModuleGetFunction;
    public readonly delegate* unmanaged[Cdecl]<nint, int, int, int> FuncSetAttribute;
    public readonly delegate* unmanaged[Cdecl]<int*, int, nint, int> FuncGetAttribute;
    public readonly delegate* unmanaged[Cdecl]<int*, nint, int, nuint, int> OccupancyMaxActiveBlocks;
    public readonly delegate* unmanaged[Cdecl]<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int> LaunchKernel;
    public readonly delegate* unmanaged[Cdecl]<nint, int, int> StreamBeginCapture;
    public readonly delegate* unmanaged[Cdecl]<nint, nint*, int> StreamEndCapture;
    public readonly delegate* unmanaged[Cdecl]<nint*, nint, ulong, int> GraphInstantiate;
    public readonly delegate* unmanaged[Cdecl]<nint, nint, int> GraphLaunch;
    public readonly delegate* unmanaged[Cdecl]<nint, int> GraphExecDestroy;
    public readonly delegate* unmanaged[Cdecl]<nint, int> GraphDestroy;

    private readonly delegate* unmanaged[Cdecl]<nint, int> ctxSetCurrent;
    private readonly delegate* unmanaged[Cdecl]<int, byte**, int> getErrorName;
    private readonly delegate* unmanaged[Cdecl]<int, byte**, int> getErrorString;
    private Holder? last;

    /// <summary>The exception for a code that is not success.</summary>
    /// <param name="attempted">What the call was for, as the beginning of a sentence.</param>
    public CudaException Failure(string attempted, string call, int code) => new(attempted, call, code, ErrorName(code), Text(getErrorString, code) ?? "no further words");

    public string ErrorName(int code) => Text(getErrorName, code) ?? "of no name";

    /// <summary>Makes a context the calling thread's, and calls the driver only where another thread or another context came last: what a thread left here is what it set last.</summary>
    /// <returns>A CUresult.</returns>
    public int MakeCurrent(nint context)
    {
        var thread = Thread.CurrentThread;
        if (Volatile.Read(ref last) is { } holder && holder.Thread == thread && holder.Context == context)
        {
            return 0;
        }

        var code = ctxSetCurrent(context);
        if (code == 0)
        {
            Volatile.Write(ref last, new Holder(thread, context));
        }

        return code;
    }

    /// <summary>A context is about to go; another may get its address.</summary>
    public void ForgetCurrent() => Volatile.Write(ref last, null);

    private static string? Text(delegate* unmanaged[Cdecl]<int, byte**, int> ask, int code)
    {
        byte* text = null;
        return ask(code, &text) == 0 && text is not null ? Marshal.PtrToStringUTF8((nint)text) : null;
    }

    private sealed record Holder(Thread Thread, nint Context);
}
