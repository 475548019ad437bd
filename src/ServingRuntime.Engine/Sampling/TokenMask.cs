using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Octavo.ServingRuntime.Engine.Sampling;

/// <summary>Bit masks over the vocabulary: token t is bit t % 32 of word t / 32.</summary>
internal static class TokenMask
{
    public static int Words(int vocabSize) => (vocabSize + 31) / 32;

    public static bool Allows(ReadOnlySpan<uint> mask, int token) => (mask[token >> 5] >> (token & 31) & 1) != 0;

    /// <summary>Logits of tokens whose bit is not set become negative infinity.</summary>
    public static void Apply(ReadOnlySpan<uint> mask, Span<float> logits)
    {
        var lanes = Vector256.Create(1u, 2u, 4u, 8u, 16u, 32u, 64u, 128u);
        var forbidden = Vector256.Create(float.NegativeInfinity);
        ref var first = ref MemoryMarshal.GetReference(logits);
        var words = logits.Length / 32;
        for (var word = 0; word < words; word++)
        {
            var bits = mask[word];
            if (bits == uint.MaxValue)
            {
                continue;
            }

            for (var part = 0; part < 4; part++, bits >>= 8)
            {
                var at = (nuint)((word * 32) + (part * 8));
                var allowed = Vector256.Equals(Vector256.Create(bits) & lanes, lanes).AsSingle();
                Vector256.ConditionalSelect(allowed, Vector256.LoadUnsafe(ref first, at), forbidden).StoreUnsafe(ref first, at);
            }
        }

        for (var token = words * 32; token < logits.Length; token++)
        {
            logits[token] = Allows(mask, token) ? logits[token] : float.NegativeInfinity;
        }
    }
}
