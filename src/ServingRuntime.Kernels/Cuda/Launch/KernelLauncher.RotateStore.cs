using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;

namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <content>Norms of heads, rotation and storing at once.</content>
internal sealed partial class KernelLauncher
{
    private const string RotateStoreSource = "rotate_store.cu";
    private const int MaxHeadSize = 512;
    private static readonly KernelNames RotateStoreNames = new("octavo_rotate_store");

    /// <inheritdoc cref="IKernelBackend.RotateAndStore"/>
    public void RotateAndStore(in Tensor projected, HeadNorms? norms, in Tensor positions, in RotaryTable table, KeyValueBlocks blocks, in Tensor slots)
    {
        int tokens = projected.Shape[0], size = blocks.HeadDim, kvHeads = blocks.KVHeads, rotary = table.CosSin.Shape[1];
        var heads = Heads(projected, size) - (2 * kvHeads);
        Arguments.That(heads > 0 && size <= MaxHeadSize, $"queries, keys and values {projected.Shape} of {kvHeads} KV heads of {size}");
        Arguments.That((long)tokens * (heads + (2 * kvHeads)) <= MaxUnits, $"{tokens} tokens of {heads + (2 * kvHeads)} heads in one launch");
        Arguments.Matrix(table.CosSin, table.CosSin.Shape[0], rotary);
        Arguments.That(rotary <= size && rotary % 2 == 0, $"rotation {table.CosSin.Shape} of heads of {size}");
        Arguments.Vector(positions, DType.Int32, tokens);
        Arguments.Vector(slots, DType.Int32, tokens);
        if (norms is { } given)
        {
            Arguments.Vector(given.Query, DType.Float32, size);
            Arguments.Vector(given.Key, DType.Float32, size);
        }

        kernels[RotateStoreSource, RotateStoreNames[projected.DType]].Launch(
            stream,
            new LaunchGrid(Parts((long)tokens * (heads + (2 * kvHeads)), WarpsPerBlock)),
            32 * WarpsPerBlock,
            [
                projected, (long)projected.RowStride, tokens, heads, kvHeads, size, norms is { } query ? query.Query : default(KernelArgument), norms is { } key ? key.Key : default(KernelArgument),
                norms?.Epsilon ?? 0f, positions, table.CosSin, (long)table.CosSin.RowStride, table.CosSin.Shape[0], rotary, table.Interleaved ? 1 : 0,
                blocks.Keys, blocks.Values, blocks.Scales is { } scales ? scales : default(KernelArgument), CacheType(blocks.DType), slots, blocks.BlockSize, blocks.NumBlocks * blocks.BlockSize,
            ]);
    }

    /// <summary>As rotate_store.cu numbers them.</summary>
    private static int CacheType(DType dtype) => dtype switch
    {
        DType.Float32 => 0,
        DType.BFloat16 => 1,
        DType.Float16 => 2,
        DType.Int8 => 3,
        DType.Float8E4M3 => 4,
        _ => throw new ArgumentException($"no KV blocks of {dtype}", nameof(dtype)),
    };
}
