using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Compilation;
using Octavo.ServingRuntime.Kernels.Cuda.Device;
using Octavo.ServingRuntime.Kernels.Cuda.Launch;
using Octavo.ServingRuntime.Kernels.Cuda.Native;
using Octavo.TestSupport.Cuda;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda;

/// <summary>An opened device with the kernels, and tensors to and from it; disposes what it made, and finds out whether all was given back.</summary>
internal sealed class CudaTestBed : IDisposable
{
    private readonly List<TensorMemory> made = [];
    private readonly KernelLibrary kernels;
    private readonly StagedCopies copies;
    private readonly FakeDriver? fake;

    private CudaTestBed(LoadedLibrary driver, CudaLibraries libraries)
    {
        fake = libraries.IsReal ? null : new FakeDriver(driver.Handle);
        Device = CudaDevice.Open(new CudaDriver(driver), 0);
        Stream = Device.CreateStream();
        var compiler = new KernelCompiler(libraries.Nvrtc, Device, new KernelCache(CudaLibraries.KernelCacheOfTests, NullLogger.Instance), NullLogger.Instance);
        kernels = new KernelLibrary(Device, source => compiler.Image(source == "probe.cu" ? new KernelSource(source, "", new Dictionary<string, string>(StringComparer.Ordinal)) : KernelSource.Read(source)));
        copies = new StagedCopies(Device.Context, Stream, 4096);
        Launcher = new KernelLauncher(kernels, Stream);
    }

    public CudaDevice Device { get; }

    public CudaStream Stream { get; }

    public KernelLauncher Launcher { get; }

    /// <summary>Skips where nothing can run.</summary>
    public static CudaTestBed Open(CudaLibraries libraries)
    {
        Skip.If(libraries.WhyNot is not null, libraries.WhyNot);
        libraries.Fake?.Reset();
        return new CudaTestBed(libraries.Driver, libraries);
    }

    /// <summary>Another on the same driver, which is left as it is.</summary>
    public static CudaTestBed OpenBeside(CudaLibraries libraries) => new(libraries.Driver, libraries);

    public CudaKernel Kernel(string source, string name) => kernels[source, name];

    /// <summary>A host tensor on the device; float32 matrices may become bfloat16 or float16, and rows may come to lie further apart than they are wide.</summary>
    public Tensor Upload(Tensor host, DType? dtype = null, bool strided = false)
    {
        if (host.Shape.Rank != 2)
        {
            var vector = Empty(host.Shape, host.DType);
            copies.ToDevice(Bytes(host), vector.Memory.Address);
            return vector;
        }

        var type = dtype ?? host.DType;
        var (rows, width) = (host.Shape[0], host.Shape[1]);

        // With the first row aligned to 16 bytes, and without.
        var wide = Empty(new TensorShape(rows, strided ? width + 13 : width), type);
        var view = strided ? wide.Columns(rows % 2 == 0 ? 8 : 3, width) : wide;
        for (var row = 0; row < rows; row++)
        {
            var bytes = type == host.DType ? Bytes(host.Rows(row, 1)) : Narrow(host.Row<float>(row), type);
            copies.ToDevice(bytes, Address(view.Rows(row, 1)));
        }

        return view;
    }

    /// <summary>Undefined content: NaN on the fake.</summary>
    public Tensor Empty(TensorShape shape, DType dtype = DType.Float32)
    {
        var memory = Device.Allocate(shape.ElementCount * dtype.Size(), CudaMemoryPurpose.Activations);
        made.Add(memory);
        return new Tensor(memory, 0, shape, dtype);
    }

    /// <summary>The elements of a matrix of activations, row after row, as float32.</summary>
    public float[] Read(Tensor device)
    {
        var values = new float[device.Shape.ElementCount];
        for (int row = 0, at = 0; row < device.Shape[0]; row++)
        {
            var bytes = ReadBytes(device.Rows(row, 1));
            for (var i = 0; i < bytes.Length / device.DType.Size(); i++)
            {
                values[at++] = device.DType switch
                {
                    DType.Float32 => MemoryMarshal.Cast<byte, float>(bytes)[i],
                    DType.BFloat16 => HostValues.FromBFloat16(MemoryMarshal.Cast<byte, ushort>(bytes)[i]),
                    _ => (float)MemoryMarshal.Cast<byte, Half>(bytes)[i],
                };
            }
        }

        return values;
    }

    public int[] ReadInts(Tensor device) => MemoryMarshal.Cast<byte, int>(ReadBytes(device)).ToArray();

    /// <summary>All bytes of a dense tensor; waits for the stream.</summary>
    public byte[] ReadBytes(Tensor device)
    {
        var bytes = new byte[device.Shape.ElementCount * device.DType.Size()];
        try
        {
            copies.ToHost(Address(device), bytes);
        }
        catch (CudaException failed) when (fake?.Failure is { } fault)
        {
            // The driver's code alone does not say what the kernel did.
            throw new Xunit.Sdk.XunitException($"{failed.Message}: {fault}");
        }

        return bytes;
    }

    public void Write(ReadOnlySpan<byte> source, Tensor device) => copies.ToDevice(source, Address(device));

    public void Dispose()
    {
        foreach (var memory in made)
        {
            memory.Dispose();
        }

        copies.Dispose();
        kernels.Dispose();
        Stream.Dispose();
        Device.Dispose();
    }

    private static unsafe nint Address(Tensor tensor) => (nint)tensor.Pointer<byte>();

    private static unsafe ReadOnlySpan<byte> Bytes(Tensor host) => new(host.Pointer<byte>(), (int)host.Shape.ElementCount * host.DType.Size());

    private static byte[] Narrow(ReadOnlySpan<float> row, DType dtype)
    {
        var narrow = new ushort[row.Length];
        for (var i = 0; i < row.Length; i++)
        {
            narrow[i] = dtype == DType.BFloat16 ? HostValues.ToBFloat16(row[i]) : BitConverter.HalfToUInt16Bits((Half)row[i]);
        }

        return MemoryMarshal.AsBytes(narrow.AsSpan()).ToArray();
    }
}
