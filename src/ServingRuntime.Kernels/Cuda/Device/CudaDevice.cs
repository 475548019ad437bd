using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Kernels.Cuda.Device;

/// <summary>One GPU, opened. What is made on it may outlive this object; the device is let go when all is disposed.</summary>
internal sealed unsafe class CudaDevice : IDisposable
{
    private const int MultiprocessorCount = 16, CapabilityMajor = 75, CapabilityMinor = 76;
    private readonly CudaContext context;

    private CudaDevice(CudaContext context, int ordinal, string name, int device, CudaVersion driverVersion, ComputeCapability capability)
    {
        this.context = context;
        Device = new Kernels.Device("cuda", ordinal);
        Name = name;
        DriverVersion = driverVersion;
        Capability = capability;
        nuint total;
        context.Check(context.Driver.DeviceTotalMem(&total, device), "asking for the device's memory", "cuDeviceTotalMem_v2");
        TotalBytes = (long)total;
        Multiprocessors = Attribute(context, device, MultiprocessorCount);
    }

    public Kernels.Device Device { get; }

    public CudaContext Context => context;

    public string Name { get; }

    public CudaVersion DriverVersion { get; }

    public ComputeCapability Capability { get; }

    public long TotalBytes { get; }

    public int Multiprocessors { get; }

    /// <summary>Devices that the process may see, this one included.</summary>
    public int VisibleDevices { get; private init; }

    /// <summary>The error that made the device useless for this process, or null: a replica whose device is lost is not alive.</summary>
    public CudaException? Loss => context.Loss;

    /// <summary>For the log.</summary>
    public string Description => $"{Device}, {Name}, compute capability {Capability}, {TotalBytes >> 20} MiB, {Multiprocessors} multiprocessors, driver for CUDA {DriverVersion}";

    /// <param name="ordinal">0 is the first that the process may see.</param>
    /// <exception cref="CudaException">There is no such device, or the driver does not start.</exception>
    /// <exception cref="CudaDriverTooOldException">The driver is older than this backend.</exception>
    /// <exception cref="NotSupportedException">The device is older than the kernels.</exception>
    public static CudaDevice Open(CudaDriver driver, int ordinal)
    {
        int version, device, count;
        Check(driver, driver.DriverGetVersion(&version), "asking for the driver's version", "cuDriverGetVersion");
        var driverVersion = CudaVersion.Of(version);
        // Before cuInit: a driver that is too old may say something less clear there. 0 is what the stub answers.
        if (version != 0 && driverVersion.CompareTo(CudaVersion.Least) < 0)
        {
            throw new CudaDriverTooOldException(driverVersion, CudaVersion.Least, "this runtime");
        }

        Check(driver, driver.Init(0), "starting the CUDA driver", "cuInit");
        Check(driver, driver.DeviceGetCount(&count), "counting devices", "cuDeviceGetCount");
        Check(driver, driver.DeviceGet(&device, ordinal), $"opening device {ordinal} of {count}", "cuDeviceGet");
        var name = stackalloc byte[256];
        Check(driver, driver.DeviceGetName(name, 256, device), "asking for the device's name", "cuDeviceGetName");
        var deviceName = Marshal.PtrToStringUTF8((nint)name) ?? "";
        var context = new CudaContext(driver, device);
        try
        {
            var capability = new ComputeCapability(Attribute(context, device, CapabilityMajor), Attribute(context, device, CapabilityMinor));
            return capability.Number >= ComputeCapability.Least.Number
                ? new CudaDevice(context, ordinal, deviceName, device, driverVersion, capability) { VisibleDevices = count }
                : throw new NotSupportedException($"{deviceName} has compute capability {capability}; the kernels need {ComputeCapability.Least} or later");
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    public CudaStream CreateStream() => new(context);

    public CudaEvent CreateEvent(bool timing = false) => new(context, timing);

    public CudaModule LoadModule(ReadOnlySpan<byte> image, string name) => new(context, image, name);

    /// <exception cref="CudaOutOfMemoryException">The device has no room; it says which flag to change.</exception>
    public DeviceMemory Allocate(long bytes, CudaMemoryPurpose purpose) => new(context, Device, bytes, purpose);

    public PinnedMemory AllocatePinned(long bytes) => new(context, bytes);

    /// <summary>What the device has free now, whoever holds the rest.</summary>
    public long FreeBytes()
    {
        nuint free, total;
        context.MakeCurrent();
        context.Check(context.Driver.MemGetInfo(&free, &total), "asking for free memory", "cuMemGetInfo_v2");
        return (long)free;
    }

    public void Dispose() => context.Dispose();

    private static int Attribute(CudaContext context, int device, int attribute)
    {
        int value;
        context.Check(context.Driver.DeviceGetAttribute(&value, attribute, device), $"asking for attribute {attribute}", "cuDeviceGetAttribute");
        return value;
    }

    private static void Check(CudaDriver driver, int code, string attempted, string call)
    {
        if (code != 0)
        {
            throw driver.Failure(attempted, call, code);
        }
    }
}
