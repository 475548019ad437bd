using System.Text;
using Octavo.LocalCluster.ApiServer.Http;

namespace Octavo.LocalCluster.Tests.ApiServer.Http;

public sealed class GoJsonSyntaxTests
{
    [Theory]
    [InlineData("{bad", "invalid character 'b' looking for beginning of object key string")]
    [InlineData("", "unexpected end of JSON input")]
    [InlineData("{} x", "invalid character 'x' after top-level value")]
    [InlineData("[1 2]", "invalid character '2' after array element")]
    [InlineData("{\"a\":1}", null)]
    public void FindError_Text_IsWordedAsGoDoes(string text, string? expected) =>
        GoJsonSyntax.FindError(Encoding.UTF8.GetBytes(text)).Should().Be(expected);
}
