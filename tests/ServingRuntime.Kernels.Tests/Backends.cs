using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Kernels.Tests;

/// <summary>What every kernel test runs on: each instruction set, with one thread and with three.</summary>
public static class Backends
{
    /// <summary>Those that this processor has, and the plain vector widths, which .NET computes in software where they are missing: slow, but the same.</summary>
    public static IReadOnlyList<string> InstructionSets { get; } =
        [.. Enum.GetValues<CpuInstructionSet>().Where(set => set.IsSupported() || set is CpuInstructionSet.Avx2 or CpuInstructionSet.Avx512).Select(set => set.ToString())];

    public static TheoryData<string, int> All
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var instructions in Backends.InstructionSets)
            {
                data.Add(instructions, 1);
                data.Add(instructions, 3);
            }

            return data;
        }
    }

    public static CpuBackend Create(string instructions, int threads) => new(threads, Enum.Parse<CpuInstructionSet>(instructions));

    public static void ShouldBeClose(this Tensor actual, Tensor expected, float tolerance, string because = "")
    {
        for (var row = 0; row < expected.Shape[0]; row++)
        {
            Span<float> left = actual.Row<float>(row), right = expected.Row<float>(row);
            for (var i = 0; i < right.Length; i++)
            {
                var difference = Math.Abs(left[i] - right[i]);
                if (!(difference <= tolerance * Math.Max(1f, Math.Abs(right[i]))))
                {
                    left[i].Should().BeApproximately(right[i], tolerance, $"row {row}, column {i} {because}");
                }
            }
        }
    }

    /// <summary>Equality of every bit; faster than a collection assertion over a hundred thousand elements.</summary>
    public static void ShouldBeSameBits(this Tensor actual, Tensor expected, string because = "") => actual.Bits().ShouldBeSameBits(expected.Bits(), because);

    public static void ShouldBeSameBits(this int[] actual, int[] expected, string because = "")
    {
        actual.Length.Should().Be(expected.Length, because);
        var first = actual.AsSpan().CommonPrefixLength(expected);
        (first == expected.Length).Should().BeTrue($"element {first} of {expected.Length} must not differ {because}");
    }

    public static int[] Bits(this Tensor tensor)
    {
        var bits = new List<int>();
        for (var row = 0; row < tensor.Shape[0]; row++)
        {
            foreach (var value in tensor.Row<float>(row))
            {
                bits.Add(BitConverter.SingleToInt32Bits(value));
            }
        }

        return [.. bits];
    }
}
