using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Kernels.Tests.Cpu;

public sealed class CpuInstructionSetsTests
{
    [Fact]
    public void TryParse_EveryName_IsThatSetOrSaysWhatTheProcessorHas()
    {
        foreach (var set in Enum.GetValues<CpuInstructionSet>())
        {
            CpuInstructionSets.Names.Should().Contain(set.Name());
            CpuInstructionSets.TryParse(set.Name(), out var parsed, out var fault).Should().Be(set.IsSupported());
            if (set.IsSupported())
            {
                parsed.Should().Be(set);
            }
            else
            {
                fault.Should().Contain(set.Name()).And.Contain("vector128", "that every processor has");
            }
        }
    }

    [Fact]
    public void TryParse_Auto_IsTheBest()
    {
        CpuInstructionSets.TryParse("auto", out var set, out _).Should().BeTrue();
        set.Should().Be(CpuInstructionSets.Best);
    }

    [Theory]
    [InlineData(true, CpuInstructionSet.Avx512BFloat16, CpuInstructionSet.Avx512Vnni)]
    [InlineData(false, CpuInstructionSet.Avx512BFloat16, CpuInstructionSet.Avx512BFloat16)]
    [InlineData(true, CpuInstructionSet.Amx, CpuInstructionSet.Amx)]
    [InlineData(true, CpuInstructionSet.Avx2, CpuInstructionSet.Avx2)]
    public void Choose_SetsOfAProcessor_IsTheFastestNotTheLatest(bool intel, object latest, object chosen) =>
        CpuInstructionSets.Choose([.. Enum.GetValues<CpuInstructionSet>().Where(set => set <= (CpuInstructionSet)latest)], intel).Should().Be((CpuInstructionSet)chosen);

    [Theory]
    [InlineData("sse9")]
    [InlineData("AVX2")]
    [InlineData(" ")]
    public void TryParse_UnknownName_NamesAll(string name)
    {
        CpuInstructionSets.TryParse(name, out _, out var fault).Should().BeFalse();
        fault.Should().Contain(name).And.Contain("avx512-bf16, amx");
    }

    [Fact]
    public void Backend_KernelsCannotBeAssembled_SaysSoAndComputesTheSameFloat32()
    {
        using var random = new RandomTensors(11);
        Tensor x = random.Floats(19, 130), matrix = random.Floats(90, 130);
        Tensor assembled = random.Empty(new TensorShape(19, 90)), plain = random.Empty(new TensorShape(19, 90));
        using var best = new CpuBackend(2);
        using var limited = new CpuBackend(2, CpuInstructionSets.Best, "forbidden here");
        using LinearWeight fast = best.CreateLinear([matrix], [], DType.Float32), slow = limited.CreateLinear([matrix], [], DType.Float32);

        best.Linear(x, fast, assembled);
        limited.Linear(x, slow, plain);

        plain.ShouldBeSameBits(assembled);
        limited.Description.Should().NotContain("amx").And.NotContain("bf16").And.NotContain("512-vnni");
        if (CpuInstructionSets.Best > CpuInstructionSet.Vector128)
        {
            limited.Limitation.Should().Contain("forbidden here").And.Contain(CpuInstructionSets.Best.Name());
        }
    }
}
