using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Rest;

namespace Octavo.LocalCluster.Tests.ApiServer.Rest;

public sealed class ContinueTokenTests
{
    [Fact]
    public void Decode_Encoded_IsTheSame()
    {
        var token = new ContinueToken(42, "ns/a");

        ContinueToken.Decode(token.Encode()).Should().Be(token);
    }

    [Fact]
    public void Decode_TokenOfARealServer_IsUnderstood() =>
        ContinueToken.Decode("eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhXHUwMDAwIn0").Should().Be(new ContinueToken(1, "a"));

    [Fact]
    public void Decode_Garbage_IsABadRequest() =>
        FluentActions.Invoking(() => ContinueToken.Decode("!!")).Should().Throw<ApiException>().Where(e => e.Code == 400);
}
