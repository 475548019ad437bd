using Octavo.Operator.Scraping;

namespace Octavo.Operator.Tests.Scraping;

public sealed class PrometheusTextParserTests
{
    [Fact]
    public void Parse_Exposition_GivesNamesAndValues()
    {
        const string Text = """
            # HELP vllm:num_requests_running Running.
            # TYPE vllm:num_requests_running gauge
            vllm:num_requests_running{model_name="a}b\"c",engine="0"} 3
            plain 1.5e3 1700000000000
              spaced{le="+Inf"}   7 # {trace_id="x"} 1
            infinite{a="b"} +Inf
            unknown NaN

            """;

        var samples = PrometheusTextParser.Parse(Text.ReplaceLineEndings("\r\n"));

        samples.Select(s => s.Name).Should().Equal("vllm:num_requests_running", "plain", "spaced", "infinite", "unknown");
        samples.Select(s => s.Value).Should().Equal(3, 1500, 7, double.PositiveInfinity, double.NaN);
    }

    [Fact]
    public void Parse_Buckets_KeepTheirBounds()
    {
        const string Text = """
            t_bucket{model_name="le=\"9\",",le="0.5"} 3
            t_bucket{le="+Inf",engine="0"} 5
            t_bucket{scale="2"} 5
            t_count{le="1"} 5
            """;

        PrometheusTextParser.Parse(Text).Select(s => s.UpperBound).Should().Equal(0.5, double.PositiveInfinity, null, null);
    }

    [Theory]
    [InlineData("ok 1\nname", 2)]
    [InlineData("name{a=\"b\" 1", 1)]
    [InlineData("name{a=\"b\"}", 1)]
    [InlineData("<html>", 1)]
    [InlineData("name one", 1)]
    [InlineData("{a=\"b\"} 1", 1)]
    public void Parse_NoExposition_NamesTheLine(string text, int line)
    {
        FluentActions.Invoking(() => PrometheusTextParser.Parse(text)).Should().Throw<FormatException>().WithMessage($"line {line} *");
    }
}
