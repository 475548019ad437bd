using Octavo.ServingRuntime.Kernels.Cuda.Device;

namespace Octavo.ServingRuntime.Kernels.Cuda.Compilation;

/// <summary>The kernels of one device by name; a source is compiled and loaded when the first of its kernels is asked for. For one thread.</summary>
/// <param name="image">Compiled form of a source, by its name.</param>
internal sealed class KernelLibrary(CudaDevice device, Func<string, byte[]> image) : IDisposable
{
    private readonly Dictionary<string, CudaModule> modules = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CudaKernel> kernels = new(StringComparer.Ordinal);

    /// <param name="source">Such as rows.cu.</param>
    /// <param name="kernel">Its name in the source.</param>
    public CudaKernel this[string source, string kernel]
    {
        get
        {
            if (!kernels.TryGetValue(kernel, out var found))
            {
                if (!modules.TryGetValue(source, out var module))
                {
                    module = device.LoadModule(image(source), source);
                    modules.Add(source, module);
                }

                found = module.Kernel(kernel);
                kernels.Add(kernel, found);
            }

            return found;
        }
    }

    public void Dispose()
    {
        foreach (var module in modules.Values)
        {
            module.Dispose();
        }
    }
}
