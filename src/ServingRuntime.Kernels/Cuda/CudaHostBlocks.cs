using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;
using Octavo.ServingRuntime.Kernels.Cuda.Launch;
using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Kernels.Cuda;

/// <summary>
/// Blocks in pinned memory. A kernel gathers a block's parts of all layers in a piece on the device, which goes over the bus in one copy; and the other way round. All on the backend's stream, so neither
/// the piece nor a place is written while what was there is still read.
/// </summary>
internal sealed unsafe class CudaHostBlocks : IHostBlocks
{
    /// <summary>So large that the bus is busy with one copy while the next is asked for; a block has some megabytes.</summary>
    public const long StagingBytes = 32L << 20;
    private readonly CudaBackend backend;
    private readonly CudaStream stream;
    private readonly KernelLauncher launcher;
    private readonly int deviceBlocks;
    private readonly int parts;
    private readonly long blockBytes;
    private readonly int batch;
    private readonly PinnedMemory places;
    private readonly DeviceMemory staging;
    private readonly DeviceMemory table;
    private readonly Tensor blocks;

    public CudaHostBlocks(CudaBackend backend, CudaDevice device, CudaStream stream, KernelLauncher launcher, IReadOnlyList<KeyValueBlocks> layers, int count, long stagingBytes)
    {
        Arguments.That(layers.Count > 0 && layers.All(layer => layer.NumBlocks == layers[0].NumBlocks), $"{layers.Count} layers of one number of blocks each");
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        (this.backend, this.stream, this.launcher, Count, deviceBlocks) = (backend, stream, launcher, count, layers[0].NumBlocks);

        // Addresses of the parts, bytes of a block in each, and where they begin in a place.
        var all = layers.SelectMany(layer => layer.Parts.Select(part => (Address: (long)(nint)part.Pointer<byte>(), Bytes: BytesOf(layer, part)))).ToList();
        parts = all.Count;
        var list = new long[3 * parts];
        for (var i = 0; i < parts; i++)
        {
            (list[i], list[parts + i], list[(2 * parts) + i]) = (all[i].Address, all[i].Bytes, blockBytes);
            blockBytes += all[i].Bytes;
        }

        batch = (int)Math.Clamp(stagingBytes / blockBytes, 1, count);
        var made = new Stack<IDisposable>();
        try
        {
            made.Push(places = device.AllocatePinned(checked(count * blockBytes)));
            made.Push(staging = device.Allocate(batch * blockBytes, CudaMemoryPurpose.KeyValues));
            made.Push(table = device.Allocate(((long)list.Length * sizeof(long)) + ((long)batch * sizeof(int)), CudaMemoryPurpose.KeyValues));
            blocks = new Tensor(table, list.Length * sizeof(long), new TensorShape(batch), DType.Int32);
            backend.CopyToDevice<int>(MemoryMarshal.Cast<long, int>(list.AsSpan()), new Tensor(table, 0, new TensorShape(2 * list.Length), DType.Int32));
        }
        catch
        {
            while (made.TryPop(out var memory))
            {
                memory.Dispose();
            }

            throw;
        }
    }

    public int Count { get; }

    /// <summary>Of all layers.</summary>
    public static long BlockBytes(IReadOnlyList<KeyValueBlocks> layers) => layers.Sum(layer => layer.Parts.Sum(part => BytesOf(layer, part)));

    public void Store(ReadOnlySpan<BlockCopy> copies)
    {
        Check(copies, deviceBlocks, Count);
        for (; !copies.IsEmpty; copies = copies[Math.Min(batch, copies.Length)..])
        {
            var some = copies[..Math.Min(batch, copies.Length)];
            Swap(some, toDevice: false);
            for (var i = 0; i < some.Length; i++)
            {
                stream.CopyToHost(Place(some[i].Destination), staging.Address + (nint)(i * blockBytes), blockBytes);
            }
        }
    }

    public void Load(ReadOnlySpan<BlockCopy> copies)
    {
        Check(copies, Count, deviceBlocks);
        for (; !copies.IsEmpty; copies = copies[Math.Min(batch, copies.Length)..])
        {
            var some = copies[..Math.Min(batch, copies.Length)];
            for (var i = 0; i < some.Length; i++)
            {
                stream.CopyToDevice(staging.Address + (nint)(i * blockBytes), Place(some[i].Source), blockBytes);
            }

            Swap(some, toDevice: true);
        }
    }

    /// <summary>Waits for what is under way: pinned memory must not go before it.</summary>
    public void Dispose()
    {
        try
        {
            stream.Synchronize();
        }
        catch (CudaException)
        {
            // The context has noted it; a lost device copies nothing more.
        }

        table.Dispose();
        staging.Dispose();
        places.Dispose();
    }

    private static long BytesOf(KeyValueBlocks layer, Tensor part) => part.Shape.ElementCount / layer.NumBlocks * part.DType.Size();

    private static void Check(ReadOnlySpan<BlockCopy> copies, int sources, int destinations)
    {
        var written = new HashSet<int>();
        foreach (var (source, destination) in copies)
        {
            Arguments.That((uint)source < (uint)sources && (uint)destination < (uint)destinations, $"a copy of {source} to {destination} among {sources} and {destinations} blocks");
            Arguments.That(written.Add(destination), $"{destination} is written twice");
        }
    }

    private void Swap(ReadOnlySpan<BlockCopy> copies, bool toDevice)
    {
        var list = new int[copies.Length];
        for (var i = 0; i < list.Length; i++)
        {
            list[i] = toDevice ? copies[i].Destination : copies[i].Source;
        }

        backend.CopyToDevice<int>(list, blocks);
        launcher.SwapBlocks(table.Address, parts, blocks.Rows(0, list.Length), staging.Address, blockBytes, toDevice);
    }

    private void* Place(int index) => (void*)(places.Address + (nint)(index * blockBytes));
}
