using System.Globalization;

namespace Octavo.KubernetesClient.Tests;

public sealed class ResourceQuantityTests
{
    [Theory]
    [InlineData("1000m", "1")]
    [InlineData("1500m", "1500m")]
    [InlineData("0.5", "500m")]
    [InlineData("1Gi", "1Gi")]
    [InlineData("1024Mi", "1Gi")]
    [InlineData("1536Mi", "1536Mi")]
    [InlineData("0.5Gi", "512Mi")]
    [InlineData("1023", "1023")]
    [InlineData("1.5Ki", "1536")]
    [InlineData("0.5Ki", "512")]
    [InlineData("0.0001Ki", "102400u")]
    [InlineData("0.1Ki", "102400m")]
    [InlineData("2000", "2k")]
    [InlineData("2e3", "2e3")]
    [InlineData("1.5e3", "1500")]
    [InlineData("1E3", "1e3")]
    [InlineData("1e-3", "1e-3")]
    [InlineData("-250m", "-250m")]
    [InlineData("+5", "5")]
    [InlineData("005", "5")]
    [InlineData(".5", "500m")]
    [InlineData("5.", "5")]
    [InlineData("0", "0")]
    [InlineData("0Gi", "0")]
    [InlineData("-0", "0")]
    [InlineData("12E", "12E")]
    public void ToString_Parsed_IsCanonical(string text, string canonical)
    {
        ResourceQuantity.Parse(text).ToString().Should().Be(canonical);
        ResourceQuantity.Parse(canonical).Should().Be(ResourceQuantity.Parse(ResourceQuantity.Parse(canonical).ToString()));
    }

    [Theory]
    [InlineData("0.0000000001", "1n")]
    [InlineData("1.0000000001n", "2n")]
    [InlineData("0.1n", "1n")]
    [InlineData("-0.1n", "-1n")]
    [InlineData("1.5e-10", "1e-9")]
    [InlineData("0.000000000000000000000001", "1n")]
    public void Parse_FinerThanANanoUnit_RoundsAwayFromZeroOnce(string text, string canonical) =>
        ResourceQuantity.Parse(text).ToString().Should().Be(canonical);

    [Theory]
    [InlineData("9223372036854775807", "9223372036854775807")]
    [InlineData("9223372036854775808", "9223372036854775807")]
    [InlineData("-99999999999999999999", "-9223372036854775807")]
    [InlineData("100000Ei", "9223372036854775807")]
    public void Parse_BeyondWhatTheServerHolds_IsCapped(string text, string canonical) =>
        ResourceQuantity.Parse(text).ToString().Should().Be(canonical);

    [Theory]
    [InlineData("abc", ResourceQuantity.PatternError)]
    [InlineData("", ResourceQuantity.PatternError)]
    [InlineData(null, ResourceQuantity.PatternError)]
    [InlineData(".", ResourceQuantity.PatternError)]
    [InlineData("-", ResourceQuantity.PatternError)]
    [InlineData("Gi", ResourceQuantity.PatternError)]
    [InlineData("1.2.3", ResourceQuantity.PatternError)]
    [InlineData("1 Gi", ResourceQuantity.PatternError)]
    [InlineData("1 GB", ResourceQuantity.PatternError)]
    [InlineData("1Zi", ResourceQuantity.PatternError)]
    [InlineData("1\n", ResourceQuantity.PatternError)]
    [InlineData("--1", ResourceQuantity.PatternError)]
    [InlineData("1KiKi", ResourceQuantity.SuffixError)]
    [InlineData("1mm", ResourceQuantity.SuffixError)]
    [InlineData("1-", ResourceQuantity.SuffixError)]
    [InlineData("1e", ResourceQuantity.SuffixError)]
    [InlineData("1e999999999", ResourceQuantity.SuffixError)]
    [InlineData("1e99999999999999", ResourceQuantity.SuffixError)]
    public void TryParse_NoQuantity_SaysWhy(string? text, string error)
    {
        ResourceQuantity.TryParse(text, out _, out var actual).Should().BeFalse();
        actual.Should().Be(error);
    }

    [Fact]
    public void Parse_NoQuantity_NamesTheText() =>
        FluentActions.Invoking(() => ResourceQuantity.Parse("1 GB")).Should().Throw<FormatException>().WithMessage("\"1 GB\" is not a quantity*");

    [Theory]
    [InlineData("1Gi", "1G", 1)]
    [InlineData("1000m", "1", 0)]
    [InlineData("999m", "1", -1)]
    [InlineData("1e3", "1k", 0)]
    public void CompareTo_OtherNotation_ComparesTheValue(string left, string right, int expected) =>
        Math.Sign(ResourceQuantity.Parse(left).CompareTo(ResourceQuantity.Parse(right))).Should().Be(expected);

    [Theory]
    [InlineData("250m", "0.25")]
    [InlineData("1", "1")]
    [InlineData("1.5", "1.5")]
    [InlineData("2Ki", "2048")]
    [InlineData("1Gi", "1073741824")]
    [InlineData("1.5Gi", "1610612736")]
    [InlineData("128Mi", "134217728")]
    [InlineData("2k", "2000")]
    [InlineData("3M", "3000000")]
    [InlineData("2e3", "2000")]
    [InlineData("1E", "1000000000000000000")]
    [InlineData("1n", "0.000000001")]
    [InlineData("-5", "-5")]
    [InlineData("1e60", "9223372036854775807")]
    [InlineData("-1e60", "-9223372036854775807")]
    [InlineData("9223372036854775806.999999999", "9223372036854775806.999999999")]
    public void ToDecimal_EveryNotation_GivesUnits(string text, string expected) =>
        ResourceQuantity.Parse(text).ToDecimal().Should().Be(decimal.Parse(expected, CultureInfo.InvariantCulture));
}
