using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Octavo.EngineBench.Checkpoints;

/// <summary>Weights by seed, name and row, so that each file of a checkpoint is made by itself and holds the same numbers. All are exact in bfloat16.</summary>
internal sealed class RandomWeights(ulong seed)
{
    // Of a sum of two uniform numbers in ±1.
    private const float Deviation = 0.8165f;

    /// <summary>One row of a tensor.</summary>
    public void Row(CheckpointTensor tensor, int row, Span<float> values)
    {
        var state = Mix(seed ^ Hash(tensor.Name)) + ((ulong)row * 0xD1B54A32D192ED03);
        var factor = tensor.Deviation / Deviation / 32768;
        for (var i = 0; i < values.Length; i += 2)
        {
            state += 0x9E3779B97F4A7C15;
            var bits = Mix(state);
            values[i] = Round(tensor.Mean + (((short)bits + (short)(bits >> 16)) * factor));
            if (i + 1 < values.Length)
            {
                values[i + 1] = Round(tensor.Mean + (((short)(bits >> 32) + (short)(bits >> 48)) * factor));
            }
        }
    }

    /// <summary>The upper half of a float32 that is exact in bfloat16.</summary>
    public static ushort BFloat16(float value) => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);

    private static float Round(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
    }

    /// <summary>FNV-1a.</summary>
    private static ulong Hash(string text)
    {
        var hash = 0xCBF29CE484222325;
        foreach (var b in MemoryMarshal.AsBytes(text.AsSpan()))
        {
            hash = (hash ^ b) * 0x100000001B3;
        }

        return hash;
    }

    /// <summary>The last step of splitmix64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong bits)
    {
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
        return bits ^ (bits >> 31);
    }
}
