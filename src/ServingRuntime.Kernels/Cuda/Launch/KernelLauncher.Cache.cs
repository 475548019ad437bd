using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;

namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <content>Keys and values.</content>
internal sealed partial class KernelLauncher
{
    private const string CacheSource = "cache.cu";
    private const int CopyChunks = 8;

    /// <inheritdoc cref="IKernelBackend.StoreKeyValues"/>
    /// <remarks>A slot below 0 stores nothing: rows that only fill up a batch of fixed size. Nor does one that is outside of the blocks.</remarks>
    public void StoreKeyValues(in Tensor keys, in Tensor values, KeyValueBlocks blocks, in Tensor slots)
    {
        int tokens = keys.Shape[0], width = blocks.KVHeads * blocks.HeadDim;
        Arguments.That(
            (keys.DType is DType.Float32 or DType.BFloat16 or DType.Float16) && values.DType == keys.DType && keys.Shape == values.Shape && keys.Shape.Rank == 2 && keys.Shape[1] == width,
            $"keys {keys.DType} {keys.Shape} and values {values.DType} {values.Shape} for rows of {width}");
        Arguments.Vector(slots, DType.Int32, tokens);
        Arguments.That((long)tokens * blocks.KVHeads <= MaxUnits, $"{tokens} tokens of {blocks.KVHeads} heads in one launch");
        var kernel = (keys.DType, blocks.DType) switch
        {
            (DType.Float32, DType.Float32) => "octavo_store_key_values_f32_f32",
            (DType.Float32, DType.BFloat16) => "octavo_store_key_values_f32_bf16",
            (DType.Float32, DType.Float16) => "octavo_store_key_values_f32_f16",
            (DType.Float32, DType.Int8) => "octavo_store_key_values_f32_i8",
            (DType.Float32, DType.Float8E4M3) => "octavo_store_key_values_f32_f8",
            (DType.BFloat16, DType.Float32) => "octavo_store_key_values_bf16_f32",
            (DType.BFloat16, DType.BFloat16) => "octavo_store_key_values_bf16_bf16",
            (DType.BFloat16, DType.Float16) => "octavo_store_key_values_bf16_f16",
            (DType.BFloat16, DType.Int8) => "octavo_store_key_values_bf16_i8",
            (DType.BFloat16, DType.Float8E4M3) => "octavo_store_key_values_bf16_f8",
            (DType.Float16, DType.Float32) => "octavo_store_key_values_f16_f32",
            (DType.Float16, DType.BFloat16) => "octavo_store_key_values_f16_bf16",
            (DType.Float16, DType.Float16) => "octavo_store_key_values_f16_f16",
            (DType.Float16, DType.Int8) => "octavo_store_key_values_f16_i8",
            (DType.Float16, DType.Float8E4M3) => "octavo_store_key_values_f16_f8",
            _ => throw new ArgumentException($"no KV blocks of {blocks.DType}", nameof(blocks)),
        };
        kernels[CacheSource, kernel].Launch(
            stream,
            new LaunchGrid(Parts((long)tokens * blocks.KVHeads, WarpsPerBlock), 2),
            32 * WarpsPerBlock,
            [
                keys, (long)keys.RowStride, values, (long)values.RowStride, blocks.Keys, blocks.Values, blocks.Scales is { } scales ? scales : default(KernelArgument),
                slots, tokens, blocks.KVHeads, blocks.HeadDim, blocks.BlockSize, blocks.NumBlocks * blocks.BlockSize,
            ]);
    }

    /// <summary>Copies whole blocks of several parts; see <see cref="BlockCopyWaves"/> for what may go together.</summary>
    /// <param name="bases">On the device: the address of each part, 8 bytes each.</param>
    /// <param name="bytes">On the device: the bytes of a block of each part, multiples of 16, 8 bytes each.</param>
    /// <param name="copies">On the device: int32 [2 * count], source and destination in turn.</param>
    /// <param name="first">Of the copies: where the wave begins.</param>
    public void CopyBlocks(nint bases, nint bytes, int parts, in Tensor copies, int first, int count)
    {
        for (; count > 0; first += LaunchGrid.MaxY, count -= LaunchGrid.MaxY)
        {
            kernels[DataSource, "octavo_copy_blocks"].Launch(
                stream, new LaunchGrid(CopyChunks, Math.Min(count, LaunchGrid.MaxY), parts), RowThreads, [bases, bytes, copies.Rows(2 * first, 2 * Math.Min(count, LaunchGrid.MaxY))]);
        }
    }

    /// <summary>Blocks of all parts into staging memory, one after another, or back.</summary>
    /// <param name="table">On the device: the parts' addresses, the bytes of a block in each (multiples of 16) and where each begins in a piece of <paramref name="blockBytes"/>, 8 bytes each.</param>
    /// <param name="blocks">On the device: int32 [count].</param>
    public void SwapBlocks(nint table, int parts, in Tensor blocks, nint staging, long blockBytes, bool toDevice)
    {
        Arguments.That(blocks.Shape[0] <= LaunchGrid.MaxY && parts <= LaunchGrid.MaxY, $"{blocks.Shape[0]} blocks of {parts} parts in one launch");
        kernels[DataSource, "octavo_swap_blocks"].Launch(stream, new LaunchGrid(CopyChunks, blocks.Shape[0], parts), RowThreads, [table, parts, blocks, staging, blockBytes, toDevice ? 1 : 0]);
    }
}
