using FsCheck;
using FsCheck.Fluent;
using Octavo.LoadGenerator.Reporting.Html;

namespace Octavo.LoadGenerator.Tests.Reporting.Html;

public sealed class PlotAxisTests
{
    [Fact]
    public void Over_AnyValues_HasTicksThatHoldThem()
    {
        var values = Gen.Choose(-400, 800).Select(e => Math.Pow(10, e / 100.0)).NonEmptyListOf();

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(values.ToArbitrary(), list =>
        {
            foreach (var axis in new[] { PlotAxis.Over(list, true), PlotAxis.Over(list, false) })
            {
                axis.Ticks.Count.Should().BeInRange(2, 14);
                axis.Ticks.Should().BeInAscendingOrder();
                list.Max().Should().BeLessThanOrEqualTo(axis.Most * 1.001);
                list.Min().Should().BeGreaterThanOrEqualTo(axis.Least * 0.999);
                list.Should().OnlyContain(v => axis.At(v) >= 0 && axis.At(v) <= 1);
            }
        }));
    }

    [Fact]
    public void Over_NoValues_IsStillAnAxis() => PlotAxis.Over([], true).Ticks.Should().NotBeEmpty();

    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.05, "0.05")]
    [InlineData(2.5, "2.5")]
    [InlineData(1500, "1500")]
    [InlineData(12000, "12k")]
    [InlineData(2500000, "2.5M")]
    public void Text_Number_IsShort(double value, string expected) => PlotAxis.Text(value).Should().Be(expected);
}
