using Octavo.ServingRuntime.Engine.Layers;
using Octavo.ServingRuntime.Kernels;
using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Engine.Tests.Layers;

public sealed class ActivationArenaTests
{
    [Fact]
    public void Take_SeveralTypes_AlignedAndApart()
    {
        using var backend = new ReferenceBackend();
        using var arena = new ActivationArena(backend);
        Pass();
        arena.Reset();
        var held = arena.Bytes;
        held.Should().Be(64 + 128 + 64, "of each as many bytes as its type takes, in pieces of 64");
        Pass();
        arena.Bytes.Should().Be(held, "a pass like the one before needs no more");

        void Pass()
        {
            Tensor narrow = arena.Take(3, 5, DType.BFloat16), wide = arena.Take(3, 10, DType.Float32), other = arena.Take(2, 2, DType.Float16);
            narrow.AsSpan<ushort>().Fill(0xFFFF);
            other.AsSpan<ushort>().Fill(0xFFFF);
            wide.AsSpan<float>().Fill(2);
            (narrow.DType, other.DType).Should().Be((DType.BFloat16, DType.Float16));
            narrow.AsSpan<ushort>().ToArray().Should().AllBeEquivalentTo((ushort)0xFFFF);
            other.AsSpan<ushort>().ToArray().Should().AllBeEquivalentTo((ushort)0xFFFF);
            wide.AsSpan<float>().ToArray().Should().AllBeEquivalentTo(2f);
        }
    }
}
