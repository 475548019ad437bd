using Octavo.Cli.Verbs;

namespace Octavo.Cli.Tests.Verbs;

public sealed class VerbCatalogTests
{
    [Theory]
    [InlineData("serve", "octavo-serve")]
    [InlineData("fetch", "octavo-serve")]
    [InlineData("quantize", "octavo-serve")]
    [InlineData("local", "octavo-local")]
    [InlineData("plan", "octavo-operator")]
    public void Find_BuiltVerb_NamesItsExecutable(string verb, string executable) => VerbCatalog.Find(verb)!.Executable.Should().Be(executable);

    [Theory]
    [InlineData("simulate")]
    public void Find_PlannedVerb_HasNoExecutable(string verb) => VerbCatalog.Find(verb)!.Executable.Should().BeNull();

    [Fact]
    public void Find_UnknownVerb_IsNull() => VerbCatalog.Find("nope").Should().BeNull();
}
