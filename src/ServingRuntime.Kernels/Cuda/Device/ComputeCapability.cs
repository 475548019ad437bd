namespace Octavo.ServingRuntime.Kernels.Cuda.Device;

/// <summary>What a device's multiprocessors can do: 8.0 is an A100, 8.9 an L4 or L40S, 9.0 an H100 or H200, 10.0 a B200.</summary>
internal readonly record struct ComputeCapability(int Major, int Minor)
{
    /// <summary>The kernels need cp.async, bfloat16 and ldmatrix.</summary>
    public static ComputeCapability Least => new(8, 0);

    /// <summary>80, 89, 90.</summary>
    public int Number => (10 * Major) + Minor;

    public override string ToString() => $"{Major}.{Minor}";
}
