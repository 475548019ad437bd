using System.Text.Json;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Tests.Entities;

public sealed class QuantityTests
{
    [Theory]
    [InlineData("250m", "0.25")]
    [InlineData("2", "2")]
    [InlineData("1.5Gi", "1610612736")]
    [InlineData("128Mi", "134217728")]
    [InlineData("2k", "2000")]
    [InlineData("1e3", "1000")]
    [InlineData("-1", "-1")]
    public void TryGetValue_Quantity_IsTheAmountInBaseUnits(string text, string expected)
    {
        new Quantity(text).TryGetValue(out var value).Should().BeTrue();
        value.Should().Be(decimal.Parse(expected, System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Gi")]
    [InlineData("1 Gi")]
    [InlineData("1Zi")]
    [InlineData("79228162514264337593543950335Ei")]
    public void TryGetValue_NoQuantity_IsFalse(string text) => new Quantity(text).TryGetValue(out _).Should().BeFalse();

    [Fact]
    public void Read_NumberAndText_AreBothKept()
    {
        JsonSerializer.Deserialize<Quantity[]>("[2, \"500m\"]").Should().Equal(new Quantity("2"), new Quantity("500m"));
    }
}
