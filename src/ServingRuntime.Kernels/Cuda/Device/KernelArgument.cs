namespace Octavo.ServingRuntime.Kernels.Cuda.Device;

/// <summary>One parameter of a kernel, in the first bytes of eight: the driver takes as many as the parameter has.</summary>
internal readonly unsafe struct KernelArgument
{
    private readonly ulong bits;

    private KernelArgument(ulong bits) => this.bits = bits;

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
}
