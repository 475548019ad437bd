using Octavo.ServingRuntime.Engine.Tokenization.Normalizers;

namespace Octavo.ServingRuntime.Engine.Tests.Tokenization.Normalizers;

public sealed class UnicodeNormalizerTests
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
    public void Normalize_FormC_GivesTheComposedForm(string text, string expected) => Form(compatible: false, composed: true, text).Should().Be(expected);

    [Theory]
    [InlineData("\u00C5\uFB01\uFF21", "A\u030A\uFB01\uFF21", "A\u030AfiA", "\u00C5fiA")]
    [InlineData("\uD55C\u1E69", "\u1112\u1161\u11ABs\u0323\u0307", "\u1112\u1161\u11ABs\u0323\u0307", "\uD55C\u1E69")]
    [InlineData("x\u3392y", "x\u3392y", "xMHzy", "xMHzy")]
    [InlineData("\u1E9B\u0323", "\u017F\u0323\u0307", "s\u0323\u0307", "\u1E69")]
    public void Normalize_OtherForms_EqualTheStandard(string text, string formD, string formKD, string formKC)
    {
        Form(compatible: false, composed: false, text).Should().Be(formD);
        Form(compatible: true, composed: false, text).Should().Be(formKD);
        Form(compatible: true, composed: true, text).Should().Be(formKC);
    }

    private static string Form(bool compatible, bool composed, string text) => new UnicodeNormalizer(compatible, composed).Normalize(text);
}
