using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Octavo.ServingRuntime.Kernels.Cpu.Attention;

/// <summary>Four streams of memory that are wanted soon: while a tile is computed, the next one comes. The processor's own prefetcher does not follow from block to block.</summary>
/// <param name="Step">Bytes of each stream that go by with each round; 0: nothing is wanted.</param>
internal readonly unsafe record struct Fetch(long First, long Second, long Third, long Fourth, nint Step)
{
    /// <summary>The same streams, a cache line on: where a round is longer than one.</summary>
    public Fetch NextLine => Step > 64 ? new Fetch(First + 64, Second + 64, Third + 64, Fourth + 64, Step) : default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Round(nint round)
    {
        if (Step != 0 && Sse.IsSupported)
        {
            var offset = round * Step;
            Sse.Prefetch1((byte*)First + offset);
            Sse.Prefetch1((byte*)Second + offset);
            Sse.Prefetch1((byte*)Third + offset);
            Sse.Prefetch1((byte*)Fourth + offset);
        }
    }
}
