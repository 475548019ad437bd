using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.Tests.ApiServer.Schema;

public sealed class QuantityTests
{
    [Theory]
    [InlineData("1000m", "1")]
    [InlineData("1500m", "1500m")]
    [InlineData("0.5", "500m")]
    [InlineData("1Gi", "1Gi")]
    [InlineData("1024Mi", "1Gi")]
    [InlineData("1536Mi", "1536Mi")]
    [InlineData("0.5Gi", "512Mi")]
    [InlineData("2000", "2k")]
    [InlineData("2e3", "2e3")]
    [InlineData("1.5e3", "1500")]
    [InlineData("-250m", "-250m")]
    [InlineData("0", "0")]
    [InlineData("0Gi", "0")]
    [InlineData("0.0000000001", "1n")]
    [InlineData("12E", "12E")]
    public void ToString_Parsed_IsCanonical(string text, string canonical)
    {
        Quantity.TryParse(text, out var quantity, out _).Should().BeTrue();
        quantity.ToString().Should().Be(canonical);
    }

    [Theory]
    [InlineData("abc", Quantity.PatternError)]
    [InlineData("", Quantity.PatternError)]
    [InlineData(".", Quantity.PatternError)]
    [InlineData("1.2.3", Quantity.PatternError)]
    [InlineData("1 Gi", Quantity.PatternError)]
    [InlineData("1KiKi", "unable to parse quantity's suffix")]
    public void TryParse_NoQuantity_SaysWhy(string text, string error)
    {
        Quantity.TryParse(text, out _, out var actual).Should().BeFalse();
        actual.Should().Be(error);
    }

    [Theory]
    [InlineData("1Gi", "1G", 1)]
    [InlineData("1000m", "1", 0)]
    [InlineData("999m", "1", -1)]
    public void CompareTo_OtherNotation_ComparesTheValue(string left, string right, int expected)
    {
        Quantity.TryParse(left, out var a, out _);
        Quantity.TryParse(right, out var b, out _);
        Math.Sign(a.CompareTo(b)).Should().Be(expected);
    }
}
