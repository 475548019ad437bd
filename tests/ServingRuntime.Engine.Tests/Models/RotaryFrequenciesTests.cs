using Octavo.ServingRuntime.Engine.Models;

namespace Octavo.ServingRuntime.Engine.Tests.Models;

/// <summary>Expected values: the formulas of transformers' modeling_rope_utils.py, computed apart in double precision.</summary>
public sealed class RotaryFrequenciesTests
{
    [Fact]
    public void Create_Yarn_RampBetweenRoundedBounds()
    {
        var rope = new RopeParameters { Theta = 10000, Scaling = RopeScaling.Yarn, Factor = 4, OriginalMaxPositionEmbeddings = 64 };
        var (frequencies, attention) = RotaryFrequencies.Create(rope, 16, 256, 256);
        ShouldBe(frequencies, 1.0, 0.2371708, 0.05, 0.007905694, 0.0025, 0.0007905694, 0.00025, 7.905694e-05);
        attention.Should().BeApproximately(1.1386294f, 1e-6f);
        ShouldBe(
            RotaryFrequencies.Create(rope with { Truncate = false }, 16, 256, 256).InverseFrequencies,
            1.0, 0.1985835, 0.02559525, 0.007905694, 0.0025, 0.0007905694, 0.00025, 7.905694e-05);
        RotaryFrequencies.Create(rope with { MScale = 1, MScaleAllDim = 1 }, 16, 256, 256).AttentionFactor.Should().Be(1f);
        RotaryFrequencies.Create(rope with { AttentionFactor = 1.5 }, 16, 256, 256).AttentionFactor.Should().Be(1.5f);
        RotaryFrequencies.Create(rope with { Factor = null }, 16, 256, 256).AttentionFactor.Should().BeApproximately(1.1386294f, 1e-6f, "256 over 64 is 4, too");
    }

    [Fact]
    public void Create_Llama3_KeepsShortWavesAndStretchesLongOnes() => ShouldBe(
        RotaryFrequencies.Create(
            new RopeParameters { Theta = 500000, Scaling = RopeScaling.Llama3, Factor = 8, LowFreqFactor = 1, HighFreqFactor = 4, OriginalMaxPositionEmbeddings = 64 },
            16, 512, 512).InverseFrequencies,
        1.0, 0.07940301, 0.004700754, 0.0009115831, 0.0001767767, 3.428102e-05, 6.64787e-06, 1.289173e-06);

    [Fact]
    public void Create_Dynamic_ThetaOfTheServedLength()
    {
        var rope = new RopeParameters { Theta = 10000, Scaling = RopeScaling.Dynamic, Factor = 4 };
        ShouldBe(
            RotaryFrequencies.Create(rope, 16, 64, 256).InverseFrequencies, 1.0, 0.2192125, 0.0480541, 0.01053406, 0.002309197, 0.0005062047, 0.0001109664, 2.432521e-05);
        RotaryFrequencies.Create(rope, 16, 64, 64).InverseFrequencies.Should().Equal(
            RotaryFrequencies.Create(new RopeParameters { Theta = 10000 }, 16, 64, 64).InverseFrequencies, "nothing is scaled within the model's own length");
    }

    [Fact]
    public void Create_LongRope_LongDivisorsBeyondTheOriginalLength()
    {
        var rope = new RopeParameters { Theta = 10000, Scaling = RopeScaling.LongRope, OriginalMaxPositionEmbeddings = 64, ShortFactor = [1, 2], LongFactor = [4, 8] };
        var (frequencies, attention) = RotaryFrequencies.Create(rope, 4, 512, 512);
        ShouldBe(frequencies, 0.25, 0.00125);
        attention.Should().BeApproximately(1.2247449f, 1e-6f);
        ShouldBe(RotaryFrequencies.Create(rope, 4, 512, 64).InverseFrequencies, 1.0, 0.005);
    }

    [Fact]
    public void Create_Linear_DividesAll() => ShouldBe(
        RotaryFrequencies.Create(new RopeParameters { Theta = 10000, Scaling = RopeScaling.Linear, Factor = 4 }, 4, 64, 64).InverseFrequencies, 0.25, 0.0025);

    private static void ShouldBe(float[] actual, params double[] expected)
    {
        actual.Should().HaveSameCount(expected);
        for (var i = 0; i < expected.Length; i++)
        {
            (actual[i] / expected[i]).Should().BeApproximately(1, 2e-6, $"frequency {i}");
        }
    }
}
