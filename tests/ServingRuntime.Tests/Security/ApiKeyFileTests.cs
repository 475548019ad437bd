using System.Text;
using Octavo.ServingRuntime.Security;

namespace Octavo.ServingRuntime.Tests.Security;

public sealed class ApiKeyFileTests
{
    [Theory]
    [InlineData("sk-1", null, "sk-1")]
    [InlineData("team-a: sk-1", "team-a", "sk-1")]
    [InlineData("team-a=sk-1", "team-a", "sk-1")]
    [InlineData("  team-a = sk-1 \r", "team-a", "sk-1")]
    [InlineData("c2VjcmV0a2V5MTIzNA==", null, "c2VjcmV0a2V5MTIzNA==")]
    [InlineData("team.a=c2VjcmV0a2V5MTIzNA==", "team.a", "c2VjcmV0a2V5MTIzNA==")]
    [InlineData("user:pass", null, "user:pass")]
    public void Parse_OneLine_GivesNameAndKey(string line, string? name, string key)
    {
        var parsed = ApiKeyFile.Parse(Encoding.UTF8.GetBytes($"# comment\n\n{line}\n")).Single();

        parsed.Digest.Should().Equal(ApiKey.DigestOf(key));
        parsed.Tenant.Should().Be(ApiKey.Create(key, name).Tenant);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n\n")]
    [InlineData("good\ntwo words\n")]
    [InlineData("team: two words")]
    [InlineData("käse")]
    public void Parse_NoKeyOrMalformed_ThrowsWithoutTellingTheLine(string content)
        => FluentActions.Invoking(() => ApiKeyFile.Parse(Encoding.UTF8.GetBytes(content))).Should().Throw<InvalidDataException>().Which.Message.Should().NotContainAny("words", "käse");

    [Fact]
    public void Parse_NoUtf8_Throws()
        => FluentActions.Invoking(() => ApiKeyFile.Parse([0xFF, 0xFE, 0x41])).Should().Throw<InvalidDataException>();

    [Fact]
    public void Read_TooLarge_Throws()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, new byte[(1024 * 1024) + 1]);
            FluentActions.Invoking(() => ApiKeyFile.Read(path)).Should().Throw<InvalidDataException>().WithMessage("*larger than*");
        }
        finally
        {
            File.Delete(path);
        }
    }
}
