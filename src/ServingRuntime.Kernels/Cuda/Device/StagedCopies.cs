using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Kernels.Cuda.Device;

/// <summary>
/// Copies between ordinary host memory and the device through two pinned pieces in turn: the device copies one while the host fills (or empties) the other.
/// One thread; the source is read before <see cref="ToDevice"/> returns, so it may change at once.
/// </summary>
internal sealed unsafe class StagedCopies : IDisposable
{
    private readonly CudaStream stream;
    private readonly int pieceBytes;
    private readonly PinnedMemory[] pieces = new PinnedMemory[2];
    private readonly CudaEvent[] done = new CudaEvent[2];
    private int next;

    /// <param name="pieceBytes">Of each of the two.</param>
    public StagedCopies(CudaContext context, CudaStream stream, int pieceBytes = 4 << 20)
    {
        this.stream = stream;
        this.pieceBytes = pieceBytes;
        for (var i = 0; i < pieces.Length; i++)
        {
            pieces[i] = new PinnedMemory(context, pieceBytes);
            done[i] = new CudaEvent(context);
        }
    }

    /// <summary>Enqueues the copy; what is enqueued on the stream afterwards sees it.</summary>
    public void ToDevice(ReadOnlySpan<byte> source, nint destination)
    {
        while (source.Length > 0)
        {
            var bytes = Math.Min(pieceBytes, source.Length);
            var piece = Take();
            source[..bytes].CopyTo(new Span<byte>((void*)pieces[piece].Address, pieceBytes));
            stream.CopyToDevice(destination, (void*)pieces[piece].Address, bytes);
            done[piece].Record(stream);
            source = source[bytes..];
            destination += bytes;
        }
    }

    /// <summary>Returns when the bytes are there, and with them all that was enqueued before.</summary>
    public void ToHost(nint source, Span<byte> destination)
    {
        // One piece is on its way while the one before is emptied.
        var waiting = -1;
        var waitingBytes = 0;
        while (destination.Length > 0)
        {
            var bytes = Math.Min(pieceBytes, destination.Length - waitingBytes);
            var piece = -1;
            if (bytes > 0)
            {
                piece = Take();
                stream.CopyToHost((void*)pieces[piece].Address, source, bytes);
                done[piece].Record(stream);
                source += bytes;
            }

            if (waiting >= 0)
            {
                done[waiting].Synchronize();
                new ReadOnlySpan<byte>((void*)pieces[waiting].Address, waitingBytes).CopyTo(destination);
                destination = destination[waitingBytes..];
            }

            (waiting, waitingBytes) = (piece, bytes);
        }
    }

    /// <summary>Waits for the copies under way: the memory must not go before them.</summary>
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

        foreach (var mark in done)
        {
            mark.Dispose();
        }

        foreach (var piece in pieces)
        {
            piece.Dispose();
        }
    }

    /// <summary>The piece whose turn it is, once the device is done with it.</summary>
    private int Take()
    {
        var piece = next;
        next ^= 1;
        done[piece].Synchronize();
        return piece;
    }
}
