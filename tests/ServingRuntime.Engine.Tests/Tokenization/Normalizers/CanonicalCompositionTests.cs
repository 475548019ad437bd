using Octavo.ServingRuntime.Engine.Tokenization.Normalizers;

namespace Octavo.ServingRuntime.Engine.Tests.Tokenization.Normalizers;

public sealed class CanonicalCompositionTests
{
    // From UAX 15 and NormalizationTest.txt.
    [Theory]
    [InlineData("abc é", "abc é")]
    [InlineData("e\u0301", "\u00E9")]
    [InlineData("\u1E0B\u0323", "\u1E0D\u0307")]
    [InlineData("q\u0307\u0323", "q\u0323\u0307")]
    [InlineData("\u212B", "\u00C5")]
    [InlineData("\u2126", "\u03A9")]
    [InlineData("\u1112\u1161\u11AB\u1100\u1173\u11AF", "\uD55C\uAE00")]
    [InlineData("\uD55C", "\uD55C")]
    [InlineData("\u0958", "\u0915\u093C")]
    [InlineData("\uFB01", "\uFB01")]
    [InlineData("a\u0315\u0300\u05AE\u0300b", "\u00E0\u05AE\u0300\u0315b")]
    [InlineData("\U0001D15E", "\U0001D157\U0001D165")]
    public void Compose_Decomposed_GivesTheComposedForm(string text, string expected) => CanonicalComposition.Compose(text).Should().Be(expected);
}
