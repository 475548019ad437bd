using System.Text.Json;
using Octavo.EngineBench.Results;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.EngineBench.Kernels;

public sealed class AttentionScalingTests
{
    [Fact]
    public void Table_PointsOutOfOrder_HasARowForEachTypeByContext()
    {
        var table = AttentionScaling.Table(
        [
            new("set decode", DType.Float32, 2048, 40, 3), new("set decode", DType.Float32, 1024, 20, 2), new("set decode", DType.Int8, 1024, 10, 1), new("set prefill", DType.Int8, 2048, 10, 1),
        ]);

        table.Columns.Should().Equal("set, case, KV type", "1024", "2048", "last by first");
        table.Rows.Should().BeEquivalentTo(
            new string[][] { ["set decode Float32", "2.00", "3.00", "1.50"], ["set decode Int8", "1.00", "", "1.00"], ["set prefill Int8", "", "1.00", "1.00"] }, o => o.WithStrictOrdering());
    }

    [Fact]
    public void Table_CaseOfTwoContexts_IsDrawnWithItsLine()
    {
        var table = AttentionScaling.Table(
        [
            new("a", DType.Float32, 1000, 7, 1), new("a", DType.Float32, 2000, 12, 1), new("a", DType.Float32, 3000, 17, 1), new("a", DType.Int8, 1000, 3, 1), new("b", DType.Int8, 1000, 3, 1),
        ]);

        var plot = table.Plots.Should().ContainSingle().Which;
        plot.Curves.Select(c => (c.Name, c.Colour, c.IsFitted)).Should().Equal(("Float32", 0, false), ("Float32: 2.0 us + 5.00 ns a token of context", 0, true), ("Int8", 1, false));
        plot.Curves[1].Points.Should().HaveCount(2);
        plot.Curves[1].Points[1].Y.Should().BeApproximately(17, 1e-9);
    }

    [Fact]
    public void ToJson_TableWithPlot_HasItsPoints()
    {
        var table = AttentionScaling.Table([new("a", DType.Int8, 1024, 7.5, 1), new("a", DType.Int8, 2048, 12, 1)]);
        var json = JsonSerializer.Deserialize<JsonElement>(
            ResultWriter.ToJson(new ExperimentResult("kernels", "Kernels", [table], new Dictionary<string, double>()), new BenchOptions("m", 1, "auto", 1, 0, false)));

        var curve = json.GetProperty("tables")[0].GetProperty("plots")[0].GetProperty("curves")[0];
        curve.GetProperty("fitted").GetBoolean().Should().BeFalse();
        curve.GetProperty("points")[0].EnumerateArray().Select(v => v.GetDouble()).Should().Equal(1024, 7.5);
    }
}
