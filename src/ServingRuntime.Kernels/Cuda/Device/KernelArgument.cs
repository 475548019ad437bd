namespace Octavo.ServingRuntime.Kernels.Cuda.Device;

/// <summary>One parameter of a kernel: in the first bytes of eight, of which the driver takes as many as the parameter has, or a structure somewhere else.</summary>
internal readonly unsafe struct KernelArgument
{
    private readonly ulong bits;
    private readonly bool isElsewhere;

    private KernelArgument(ulong bits, bool isElsewhere = false) => (this.bits, this.isElsewhere) = (bits, isElsewhere);

    /// <summary>int; sign-extended, so it is right for a long parameter, too.</summary>
    public static implicit operator KernelArgument(int value) => new((ulong)(long)value);

    /// <summary>long.</summary>
    public static implicit operator KernelArgument(long value) => new((ulong)value);

    /// <summary>float.</summary>
    public static implicit operator KernelArgument(float value) => new(BitConverter.SingleToUInt32Bits(value));

    /// <summary>An address on the device.</summary>
    public static implicit operator KernelArgument(nint value) => new((ulong)value);

    /// <summary>The address of its first element.</summary>
    public static implicit operator KernelArgument(in Tensor tensor) => new((ulong)tensor.Pointer<byte>());

    /// <summary>A structure that lies as the kernel's does, and stays where it is until the launch returns.</summary>
    public static KernelArgument Of<T>(T* structure) where T : unmanaged => new((ulong)structure, isElsewhere: true);

    /// <summary>Where the driver finds it.</summary>
    /// <param name="place">Its own, which must not move.</param>
    public static void* Address(KernelArgument* place) => place->isElsewhere ? (void*)place->bits : place;
}
