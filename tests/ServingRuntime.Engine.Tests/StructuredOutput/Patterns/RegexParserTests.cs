using Octavo.ServingRuntime.Engine.StructuredOutput;
using static Octavo.ServingRuntime.Engine.Tests.StructuredOutput.GrammarHarness;

namespace Octavo.ServingRuntime.Engine.Tests.StructuredOutput.Patterns;

public sealed class RegexParserTests
{
    [Theory]
    [InlineData("[a-z]+@[a-z]+\\.com", "me@host.com", "me@host,com")]
    [InlineData("^\\d{3}-\\d{2,4}$", "123-4567", "123-45678")]
    [InlineData("(?:ab|cd)*?e", "abcdabe", "abce")]
    [InlineData("[^\"\\\\]{2}", "éß", "é")]
    [InlineData(".{3}", "a👩b", "a\nb")]
    [InlineData("(?i)stra(ß|ss)e", "STRASSE", "STRAE")]
    [InlineData("(?P<year>\\d{4})\\/\\x41\\u00e9", "1999/Aé", "1999/Ae")]
    [InlineData("\\p{Lu}\\p{Ll}+", "Éric", "éric")]
    [InlineData("a{2,}", "aaaaa", "a")]
    [InlineData("(a|ab)(c|bcd)", "abcd", "abbcdd")]
    [InlineData("x{150,200}y", "XXX", "y")]
    [InlineData("^(foo|bar)$|^baz$", "baz", "foobaz")]
    [InlineData("a{", "a{", "a")]
    [InlineData("[\\]\\-x]+", "]-x", "a")]
    public void Regex_Text_IsMatchedAsAWhole(string pattern, string match, string other)
    {
        var grammar = Compile(new GrammarSpec.Regex(pattern));
        grammar.Matches(match == "XXX" ? new string('x', 163) + "y" : match).Should().BeTrue();
        grammar.Matches(other).Should().BeFalse();
    }

    [Theory]
    [InlineData("\\bword\\b", "word boundary")]
    [InlineData("(?=a)b", "look-ahead")]
    [InlineData("(?<!a)b", "look-behind")]
    [InlineData("(a)\\1", "back-reference")]
    [InlineData("a++", "possessive")]
    [InlineData("(a", "unclosed group")]
    [InlineData("a)", "unmatched )")]
    [InlineData("[a", "unclosed class")]
    [InlineData("[z-a]", "runs backwards")]
    [InlineData("*a", "repetition of nothing")]
    [InlineData("a^b", "only at the ends")]
    [InlineData("a{3,1}", "least number")]
    [InlineData("\\", "trailing backslash")]
    [InlineData("a{,3}", "read differently")]
    public void Regex_NotSupported_IsRefusedByName(string pattern, string reason)
        => Refusal(new GrammarSpec.Regex(pattern)).Message.Should().Contain(reason);

    [Theory]
    [InlineData("(((((a{1000}){1000}){1000}){1000}){1000}){1000}")]
    [InlineData("(a|b)*a(a|b){20}")]
    [InlineData("(.*a.*b.*c.*d.*e.*f.*g.*h.*i.*j.*k.*l.*m.*n.*o.*p.*q.*r.*s.*t)|(.*t.*s.*r.*q.*p.*o.*n.*m.*l.*k.*j.*i.*h)")]
    public void Regex_Bomb_EndsInTimeEitherWay(string pattern)
    {
        try
        {
            var grammar = TightCompiler.Compile(new GrammarSpec.Regex(pattern), CancellationToken.None);
            grammar.MayBegin("aaa").Should().BeTrue();
        }
        catch (GrammarException e)
        {
            e.Fault.Should().Be(GrammarFault.TooComplex);
        }
    }
}
