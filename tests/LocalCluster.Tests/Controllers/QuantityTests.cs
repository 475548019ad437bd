using Octavo.LocalCluster.Controllers;

namespace Octavo.LocalCluster.Tests.Controllers;

public sealed class QuantityTests
{
    [Theory]
    [InlineData("250m", "0.25")]
    [InlineData("1", "1")]
    [InlineData("1.5", "1.5")]
    [InlineData("2Ki", "2048")]
    [InlineData("1Gi", "1073741824")]
    [InlineData("3M", "3000000")]
    [InlineData("2e3", "2000")]
    [InlineData("1E", "1000000000000000000")]
    [InlineData("-5", "-5")]
    public void Parse_EveryNotation_GivesUnits(string text, string expected) =>
        Quantity.Parse(text).Should().Be(decimal.Parse(expected, System.Globalization.CultureInfo.InvariantCulture));

    [Theory]
    [InlineData("")]
    [InlineData("1 GB")]
    [InlineData("abc")]
    public void Parse_NoQuantity_Throws(string text) => FluentActions.Invoking(() => Quantity.Parse(text)).Should().Throw<FormatException>();
}
