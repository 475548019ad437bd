using System.Runtime.InteropServices;
using System.Text;

namespace Octavo.ServingRuntime.Kernels.Cuda.Device;

/// <summary>Kernels that were compiled together, on the device.</summary>
internal sealed unsafe class CudaModule : CudaHandle
{
    // CUjit_option of cuda.h: where the driver's compiler of PTX puts its errors, and for how many bytes there is room.
    private const int ErrorLogBuffer = 5, ErrorLogBufferBytes = 6;
    private const int MostLogBytes = 4096;
    private readonly string name;

    /// <param name="image">A cubin, or PTX, which the driver compiles.</param>
    /// <param name="name">The source's, for errors.</param>
    public CudaModule(CudaContext context, ReadOnlySpan<byte> image, string name) : base(context)
    {
        this.name = name;
        // The driver wants a zero behind PTX, and does not mind one behind a cubin.
        var ended = new byte[image.Length + 1];
        image.CopyTo(ended);
        nint module;
        var log = stackalloc byte[MostLogBytes];
        *log = 0;
        int* options = stackalloc int[2] { ErrorLogBuffer, ErrorLogBufferBytes };
        void** values = stackalloc void*[2] { log, (void*)MostLogBytes };
        int code;
        fixed (byte* start = ended)
        {
            code = context.Driver.ModuleLoadData(&module, start, 2, options, values);
        }

        if (code != 0)
        {
            var said = Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(log)).Trim();
            throw context.Failure(code, $"loading the kernels of {name}{(said.Length > 0 ? $" ({said})" : "")}", "cuModuleLoadDataEx");
        }

        Own(module);
    }

    public CudaKernel Kernel(string kernel)
    {
        nint function;
        fixed (byte* text = Encoding.UTF8.GetBytes(kernel + '\0'))
        {
            Context.Check(Context.Driver.ModuleGetFunction(&function, Value, text), $"looking for {kernel} in {name}", "cuModuleGetFunction");
        }

        return new CudaKernel(this, function, kernel);
    }

    protected override bool Free() => Context.Release(Context.Driver.ModuleUnload(handle), "unloading kernels", "cuModuleUnload");
}
