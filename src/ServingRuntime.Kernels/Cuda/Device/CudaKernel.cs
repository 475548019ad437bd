namespace Octavo.ServingRuntime.Kernels.Cuda.Device;

/// <summary>A kernel of a <see cref="CudaModule"/>, which must stay open.</summary>
internal sealed unsafe class CudaKernel(CudaModule module, nint function, string name)
{
    private const int MaxThreadsPerBlock = 0;
    private const int MaxDynamicSharedBytes = 8;
    private int allowedShared;

    public string Name { get; } = name;

    /// <summary>Threads that a block of it may have.</summary>
    public int MaxThreads => Attribute(MaxThreadsPerBlock);

    /// <summary>Blocks of it that a multiprocessor can run at once, at least one.</summary>
    public int ResidentBlocks(int threads, int sharedBytes)
    {
        AllowShared(sharedBytes);
        int blocks;
        module.Context.MakeCurrent();
        module.Context.Check(
            module.Context.Driver.OccupancyMaxActiveBlocks(&blocks, function, threads, (nuint)sharedBytes), $"asking how many blocks of {Name} run at once", "cuOccupancyMaxActiveBlocksPerMultiprocessor");
        return Math.Max(blocks, 1);
    }

    /// <summary>Enqueues it; allocates nothing. An empty grid is no launch.</summary>
    /// <param name="threads">Of a block, in one dimension.</param>
    /// <param name="arguments">In the order of the kernel's parameters; their number must be right, which the driver cannot check.</param>
    /// <param name="sharedBytes">Dynamic shared memory of a block.</param>
    public void Launch(CudaStream stream, LaunchGrid grid, int threads, ReadOnlySpan<KernelArgument> arguments, int sharedBytes = 0)
    {
        if (grid.IsEmpty)
        {
            return;
        }

        ObjectDisposedException.ThrowIf(module.IsClosed, module);
        AllowShared(sharedBytes);
        var pointers = stackalloc void*[arguments.Length + 1];
        fixed (KernelArgument* first = arguments)
        {
            for (var i = 0; i < arguments.Length; i++)
            {
                pointers[i] = KernelArgument.Address(first + i);
            }

            pointers[arguments.Length] = null;
            var code = module.Context.Driver.LaunchKernel(
                function, checked((uint)grid.X), checked((uint)grid.Y), checked((uint)grid.Z), (uint)threads, 1, 1, (uint)sharedBytes, stream.Value, pointers, null);
            if (code != 0)
            {
                throw module.Context.Failure(code, $"launching {Name} with {grid} blocks of {threads} threads", "cuLaunchKernel");
            }
        }
    }

    /// <summary>Without it a launch has 48 KiB, of which the kernel's own arrays take their part.</summary>
    private void AllowShared(int bytes)
    {
        if (bytes <= allowedShared)
        {
            return;
        }

        module.Context.MakeCurrent();
        module.Context.Check(module.Context.Driver.FuncSetAttribute(function, MaxDynamicSharedBytes, bytes), $"giving {Name} {bytes} bytes of shared memory", "cuFuncSetAttribute");
        allowedShared = bytes;
    }

    private int Attribute(int attribute)
    {
        int value;
        module.Context.MakeCurrent();
        module.Context.Check(module.Context.Driver.FuncGetAttribute(&value, attribute, function), $"asking about {Name}", "cuFuncGetAttribute");
        return value;
    }
}
