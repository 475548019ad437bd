using System.Text;

namespace Octavo.ServingRuntime.Kernels.Cuda.Device;

/// <summary>Kernels that were compiled together, on the device.</summary>
internal sealed unsafe class CudaModule : CudaHandle
{
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
        fixed (byte* start = ended)
        {
            context.Check(context.Driver.ModuleLoadData(&module, start, 0, null, null), $"loading the kernels of {name}", "cuModuleLoadDataEx");
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
