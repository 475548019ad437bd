using Octavo.ServingRuntime.Kernels.Cuda.Device;

namespace Octavo.ServingRuntime.Kernels.Cuda.Compilation;

/// <summary>What a compiler is told to make code for.</summary>
/// <param name="Option">sm_90a: machine code. compute_90: PTX, which the driver compiles for its device.</param>
internal sealed record CudaArchitecture(string Option)
{
    public bool IsVirtual => Option.StartsWith("compute_", StringComparison.Ordinal);

    /// <summary>
    /// The device's own architecture where the compiler knows it, with its features that no other device has ("a") from 9.0 on;
    /// else PTX of the newest that it knows and the device can run.
    /// </summary>
    /// <param name="supported">Numbers such as 80, 89, 90.</param>
    /// <exception cref="NotSupportedException">The compiler knows none that the device can run.</exception>
    public static CudaArchitecture For(ComputeCapability device, IReadOnlyList<int> supported)
    {
        if (supported.Contains(device.Number))
        {
            return new CudaArchitecture($"sm_{device.Number}{(device.Major >= 9 ? "a" : "")}");
        }

        var older = supported.Where(number => number >= ComputeCapability.Least.Number && number < device.Number).ToList();
        return older.Count > 0
            ? new CudaArchitecture($"compute_{older.Max()}")
            : throw new NotSupportedException($"the compiler knows {string.Join(", ", supported)}, none of which a device of {device} runs and the kernels can be compiled for");
    }
}
