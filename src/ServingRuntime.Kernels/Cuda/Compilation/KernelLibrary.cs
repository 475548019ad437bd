using System.Runtime.ExceptionServices;
using Octavo.ServingRuntime.Kernels.Cuda.Device;

namespace Octavo.ServingRuntime.Kernels.Cuda.Compilation;

/// <summary>The kernels of one device by name; a source is compiled and loaded when the first of its kernels is asked for, or before. For one thread.</summary>
/// <param name="image">Compiled form of a source, by its name; may be called by several threads.</param>
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
                    module = Load(source, image(source));
                }

                found = module.Kernel(kernel);
                kernels.Add(kernel, found);
            }

            return found;
        }
    }

    public CudaDevice Device => device;

    /// <summary>
    /// Compiles sources that are not loaded, as many at once as there are processors, and loads them: so what does not compile is found at start, and no request waits for it.
    /// </summary>
    public void LoadAll(IReadOnlyList<string> sources)
    {
        sources = [.. sources.Where(source => !modules.ContainsKey(source))];
        List<byte[]> images;
        try
        {
            images = [.. sources.AsParallel().AsOrdered().Select(image)];
        }
        catch (AggregateException failures)
        {
            // What one of them says is what anybody needs to know.
            ExceptionDispatchInfo.Throw(failures.InnerExceptions[0]);
            throw;
        }

        foreach (var (source, compiled) in sources.Zip(images))
        {
            Load(source, compiled);
        }
    }

    /// <summary>The same for one source that may fail to compile, since another can take its place: false, and the compiler has logged why.</summary>
    public bool TryLoad(string source)
    {
        try
        {
            LoadAll([source]);
            return true;
        }
        catch (KernelCompilationException)
        {
            // Logged by KernelCompiler.
            return false;
        }
    }

    public void Dispose()
    {
        foreach (var module in modules.Values)
        {
            module.Dispose();
        }
    }

    private CudaModule Load(string source, byte[] compiled)
    {
        var module = device.LoadModule(compiled, source);
        modules.Add(source, module);
        return module;
    }
}
