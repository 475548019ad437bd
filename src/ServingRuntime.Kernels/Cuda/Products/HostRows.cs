using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;

namespace Octavo.ServingRuntime.Kernels.Cuda.Products;

/// <summary>Host matrices (and vectors) to the device, converted on the way where the types differ.</summary>
internal static unsafe class HostRows
{
    private const int PieceElements = 1 << 20;

    /// <param name="source">float32, bfloat16 or float16, dense or strided.</param>
    /// <param name="destination">Dense; float32, bfloat16 or float16 (to nearest even; what float16 cannot hold becomes infinite).</param>
    public static void Upload(in Tensor source, in Tensor destination, StagedCopies copies)
    {
        var (rows, width) = source.Shape.Rank == 2 ? (source.Shape[0], source.Shape[1]) : (1, source.Shape[0]);
        var address = (nint)destination.Pointer<byte>();
        var size = destination.DType.Size();
        if (source.DType == destination.DType && source.IsDense)
        {
            for (long done = 0, all = (long)rows * width * size; done < all;)
            {
                var bytes = (int)Math.Min(all - done, 1 << 30);
                copies.ToDevice(new ReadOnlySpan<byte>(source.Pointer<byte>() + done, bytes), address + (nint)done);
                done += bytes;
            }

            return;
        }

        var piece = new byte[Math.Min(width, PieceElements) * size];
        for (var row = 0; row < rows; row++)
        {
            for (var begin = 0; begin < width; begin += PieceElements)
            {
                var count = Math.Min(PieceElements, width - begin);
                var from = ((long)row * (source.Shape.Rank == 2 ? source.RowStride : 0)) + begin;
                Convert(source, from, piece, count, destination.DType);
                copies.ToDevice(piece.AsSpan(0, count * size), address + (nint)((((long)row * width) + begin) * size));
            }
        }
    }

    private static void Convert(in Tensor source, long from, byte[] piece, int count, DType dtype)
    {
        if (dtype == DType.BFloat16)
        {
            var halves = MemoryMarshal.Cast<byte, ushort>(piece.AsSpan());
            for (var i = 0; i < count; i++)
            {
                halves[i] = HostValues.ToBFloat16(HostValues.Read(source, from + i));
            }
        }
        else if (dtype == DType.Float16)
        {
            var halves = MemoryMarshal.Cast<byte, Half>(piece.AsSpan());
            for (var i = 0; i < count; i++)
            {
                halves[i] = (Half)HostValues.Read(source, from + i);
            }
        }
        else
        {
            var floats = MemoryMarshal.Cast<byte, float>(piece.AsSpan());
            for (var i = 0; i < count; i++)
            {
                floats[i] = HostValues.Read(source, from + i);
            }
        }
    }
}
