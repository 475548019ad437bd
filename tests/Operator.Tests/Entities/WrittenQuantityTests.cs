using System.Text.Json;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Tests.Entities;

public sealed class WrittenQuantityTests
{
    [Fact]
    public void Read_NumberAndText_AreBothKeptAsWritten()
    {
        var read = JsonSerializer.Deserialize<WrittenQuantity[]>("[2, \"1000m\"]");

        read.Should().Equal(new WrittenQuantity("2"), new WrittenQuantity("1000m"));
        JsonSerializer.Serialize(read).Should().Be("[\"2\",\"1000m\"]");
    }

    [Theory]
    [InlineData("1.5Gi", "1610612736")]
    [InlineData("250m", "0.25")]
    public void TryGetAmount_Quantity_IsTheAmountInBaseUnits(string text, string expected)
    {
        new WrittenQuantity(text).TryGetAmount(out var amount).Should().BeTrue();
        amount.ToDecimal().Should().Be(decimal.Parse(expected, System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public void TryGetAmount_NoQuantityOrNoText_IsFalse()
    {
        new WrittenQuantity("1Zi").TryGetAmount(out _).Should().BeFalse();
        default(WrittenQuantity).TryGetAmount(out _).Should().BeFalse();
    }
}
