using Octavo.LoadGenerator.Workload;

namespace Octavo.LoadGenerator.Tests.Workload;

public sealed class LengthDistributionTests
{
    [Theory]
    [InlineData("128")]
    [InlineData("64..256")]
    [InlineData("exp:128")]
    [InlineData("exp:128:500")]
    [InlineData("lognormal:128:1")]
    [InlineData("lognormal:128:1.5:2000")]
    public void Parse_Form_IsWrittenBackTheSame(string text) => LengthDistribution.Parse(text)!.ToString().Should().Be(text);

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("x")]
    [InlineData("9..3")]
    [InlineData("1..2..3")]
    [InlineData("exp")]
    [InlineData("exp:0")]
    [InlineData("exp:5:x")]
    [InlineData("lognormal:5")]
    [InlineData("lognormal:5:-1")]
    [InlineData("lognormal:5:1:9:9")]
    public void Parse_OtherText_IsNull(string text) => LengthDistribution.Parse(text).Should().BeNull();

    [Theory]
    [InlineData("100", 100, 0)]
    [InlineData("50..150", 100, 29.2)]
    [InlineData("exp:100", 100, 100)]
    [InlineData("lognormal:100:0.5", 100, 53.3)]
    public void Draw_ManyTimes_HasMeanAndDeviation(string text, double mean, double deviation)
    {
        var random = new Random(3);
        var lengths = Enumerable.Range(0, 50_000).Select(_ => (double)LengthDistribution.Parse(text)!.Draw(random)).ToArray();

        lengths.Average().Should().BeApproximately(mean, 1.5);
        Math.Sqrt(lengths.Average(l => (l - mean) * (l - mean))).Should().BeApproximately(deviation, 2);
        lengths.Should().OnlyContain(l => l >= 1);
    }

    [Fact]
    public void Draw_WithACut_StaysBelowIt()
    {
        var random = new Random(3);

        Enumerable.Range(0, 1000).Select(_ => LengthDistribution.Parse("lognormal:100:2:300")!.Draw(random)).Max().Should().Be(300);
    }

    [Fact]
    public void Widened_Fixed_IsTheRangeAround()
    {
        LengthDistribution.Fixed(100).Widened(0.5).ToString().Should().Be("50..150");
        LengthDistribution.Fixed(100).Widened(0).ToString().Should().Be("100");
    }
}
