using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Kernels.Cuda.Compilation;

/// <summary>NVRTC's entry points; all but one return an nvrtcResult.</summary>
internal sealed unsafe class NvrtcApi
{
    private readonly delegate* unmanaged[Cdecl]<int, byte*> getErrorString;

    public NvrtcApi(LoadedLibrary library)
    {
        Version = (delegate* unmanaged[Cdecl]<int*, int*, int>)library.Export("nvrtcVersion");
        GetNumSupportedArchs = (delegate* unmanaged[Cdecl]<int*, int>)library.Export("nvrtcGetNumSupportedArchs");
        GetSupportedArchs = (delegate* unmanaged[Cdecl]<int*, int>)library.Export("nvrtcGetSupportedArchs");
        CreateProgram = (delegate* unmanaged[Cdecl]<nint*, byte*, byte*, int, byte**, byte**, int>)library.Export("nvrtcCreateProgram");
        CompileProgram = (delegate* unmanaged[Cdecl]<nint, int, byte**, int>)library.Export("nvrtcCompileProgram");
        GetProgramLogSize = (delegate* unmanaged[Cdecl]<nint, nuint*, int>)library.Export("nvrtcGetProgramLogSize");
        GetProgramLog = (delegate* unmanaged[Cdecl]<nint, byte*, int>)library.Export("nvrtcGetProgramLog");
        GetCubinSize = (delegate* unmanaged[Cdecl]<nint, nuint*, int>)library.Export("nvrtcGetCUBINSize");
        GetCubin = (delegate* unmanaged[Cdecl]<nint, byte*, int>)library.Export("nvrtcGetCUBIN");
        GetPtxSize = (delegate* unmanaged[Cdecl]<nint, nuint*, int>)library.Export("nvrtcGetPTXSize");
        GetPtx = (delegate* unmanaged[Cdecl]<nint, byte*, int>)library.Export("nvrtcGetPTX");
        DestroyProgram = (delegate* unmanaged[Cdecl]<nint*, int>)library.Export("nvrtcDestroyProgram");
        getErrorString = (delegate* unmanaged[Cdecl]<int, byte*>)library.Export("nvrtcGetErrorString");
    }

    public readonly delegate* unmanaged[Cdecl]<int*, int*, int> Version;
    public readonly delegate* unmanaged[Cdecl]<int*, int> GetNumSupportedArchs;
    public readonly delegate* unmanaged[Cdecl]<int*, int> GetSupportedArchs;
    public readonly delegate* unmanaged[Cdecl]<nint*, byte*, byte*, int, byte**, byte**, int> CreateProgram;
    public readonly delegate* unmanaged[Cdecl]<nint, int, byte**, int> CompileProgram;
    public readonly delegate* unmanaged[Cdecl]<nint, nuint*, int> GetProgramLogSize;
    public readonly delegate* unmanaged[Cdecl]<nint, byte*, int> GetProgramLog;
    public readonly delegate* unmanaged[Cdecl]<nint, nuint*, int> GetCubinSize;
    public readonly delegate* unmanaged[Cdecl]<nint, byte*, int> GetCubin;
    public readonly delegate* unmanaged[Cdecl]<nint, nuint*, int> GetPtxSize;
    public readonly delegate* unmanaged[Cdecl]<nint, byte*, int> GetPtx;
    public readonly delegate* unmanaged[Cdecl]<nint*, int> DestroyProgram;

    public string ErrorString(int code) => Marshal.PtrToStringUTF8((nint)getErrorString(code)) ?? $"{code}";
}
