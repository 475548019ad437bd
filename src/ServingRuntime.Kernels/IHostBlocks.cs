namespace Octavo.ServingRuntime.Kernels;

/// <summary>
/// Contents of KV blocks in host memory, in numbered places. Calls take effect in order with all other operations of the backend, and do not wait for the device: what is copied is bit for bit
/// what an operation there would have seen.
/// </summary>
public interface IHostBlocks : IDisposable
{
    /// <summary>Places.</summary>
    int Count { get; }

    /// <summary>Blocks of the device (sources) into places here (destinations).</summary>
    /// <exception cref="ArgumentException">There is no such block or place, or a place comes twice; nothing is copied.</exception>
    void Store(ReadOnlySpan<BlockCopy> copies);

    /// <summary>Places (sources) into blocks of the device (destinations).</summary>
    /// <exception cref="ArgumentException">There is no such block or place, or a block comes twice; nothing is copied.</exception>
    void Load(ReadOnlySpan<BlockCopy> copies);
}
