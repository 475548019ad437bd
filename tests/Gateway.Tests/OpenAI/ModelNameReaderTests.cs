using System.Text;
using Octavo.Gateway.OpenAI;

namespace Octavo.Gateway.Tests.OpenAI;

public sealed class ModelNameReaderTests
{
    [Theory]
    [InlineData("""{"model":"m"}""", "m")]
    [InlineData(""" { "messages":[{"model":"inner"}], "x":{"model":"inner"}, "model" : "org/name-1.0" } """, "org/name-1.0")]
    [InlineData("""{"model":"first","model":"last"}""", "last")]
    [InlineData("""{"mod\u0065l":"gr\u00fcn"}""", "grün")]
    public void Read_ModelAtTheTop_IsFound(string body, string expected)
    {
        var (name, error) = ModelNameReader.Read(Encoding.UTF8.GetBytes(body));

        error.Should().BeNull();
        name.Should().Be(expected);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"model\":\"m\"")]
    [InlineData("{\"model\":\"m\"} x")]
    [InlineData("{\"model\":\"m\",}")]
    [InlineData("{\"model\":\"\\ud800\"}")]
    [InlineData("model=m")]
    public void Read_Malformed_IsABadRequest(string body)
    {
        var (name, error) = ModelNameReader.Read(Encoding.UTF8.GetBytes(body));

        name.Should().BeNull();
        error.Should().Match<OpenAIError>(e => e.StatusCode == 400 && e.Code == "invalid_json");
    }

    [Fact]
    public void Read_InvalidUtf8InTheName_IsABadRequest() =>
        ModelNameReader.Read([.. "{\"model\":\""u8, 0xff, .. "\"}"u8]).Error!.Code.Should().Be("invalid_json");

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"model":null}""")]
    [InlineData("""{"model":""}""")]
    [InlineData("""{"model":{"name":"m"}}""")]
    public void Read_NoUsableModel_NamesTheField(string body) =>
        ModelNameReader.Read(Encoding.UTF8.GetBytes(body)).Error!.Param.Should().Be("model");

    [Fact]
    public void Read_DeeplyNested_IsABadRequestAndNoCrash() =>
        ModelNameReader.Read(Encoding.UTF8.GetBytes("{\"a\":" + new string('[', 100_000))).Error!.StatusCode.Should().Be(400);
}
