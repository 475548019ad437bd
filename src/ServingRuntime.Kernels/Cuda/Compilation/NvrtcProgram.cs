using System.Runtime.InteropServices;

namespace Octavo.ServingRuntime.Kernels.Cuda.Compilation;

/// <summary>A program of NVRTC's, from its making to its images.</summary>
internal sealed unsafe class NvrtcProgram : SafeHandle
{
    private readonly NvrtcApi api;
    private readonly string name;

    public NvrtcProgram(NvrtcApi api, KernelSource source) : base(0, ownsHandle: true)
    {
        this.api = api;
        name = source.Name;
        using var strings = new NativeStrings();
        var texts = strings.Array([.. source.Headers.Values]);
        var names = strings.Array([.. source.Headers.Keys]);
        nint program;
        Check(api.CreateProgram(&program, strings.Add(source.Text), strings.Add(source.Name), source.Headers.Count, texts, names), "nvrtcCreateProgram");
        SetHandle(program);
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>Compiles and returns the compiler's log.</summary>
    /// <exception cref="KernelCompilationException">The source does not compile; the log is in the message.</exception>
    public string Compile(IReadOnlyList<string> options)
    {
        using var strings = new NativeStrings();
        var code = api.CompileProgram(handle, options.Count, strings.Array(options));
        var log = System.Text.Encoding.UTF8.GetString(Read(api.GetProgramLogSize, api.GetProgramLog)).TrimEnd('\0', '\n');
        return code == 0 ? log : throw new KernelCompilationException(name, $"nvrtcCompileProgram: {api.ErrorString(code)}", log);
    }

    /// <summary>Empty where it was compiled for a virtual architecture.</summary>
    public byte[] Cubin() => Read(api.GetCubinSize, api.GetCubin);

    public byte[] Ptx() => Read(api.GetPtxSize, api.GetPtx);

    protected override bool ReleaseHandle()
    {
        var program = handle;
        return api.DestroyProgram(&program) == 0;
    }

    private byte[] Read(delegate* unmanaged[Cdecl]<nint, nuint*, int> size, delegate* unmanaged[Cdecl]<nint, byte*, int> read)
    {
        nuint bytes;
        Check(size(handle, &bytes), "NVRTC");
        var result = new byte[(int)bytes];
        fixed (byte* start = result)
        {
            if (bytes > 0)
            {
                Check(read(handle, start), "NVRTC");
            }
        }

        return result;
    }

    private void Check(int code, string call)
    {
        if (code != 0)
        {
            throw new KernelCompilationException(name, $"{call}: {api.ErrorString(code)}", "");
        }
    }
}
