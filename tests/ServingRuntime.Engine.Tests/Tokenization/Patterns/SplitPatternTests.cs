using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.ServingRuntime.Engine.Tokenization.Patterns;

namespace Octavo.ServingRuntime.Engine.Tests.Tokenization.Patterns;

public sealed class SplitPatternTests
{
    private const string Llama3 = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string O200k =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    [Theory]
    [InlineData(SplitPattern.Gpt2, "I'm 42 years  old!", "I|'m| 42| years| | old|!")]
    [InlineData(Llama3, "WE'VE 12345", "WE|'VE| |123|45")]
    [InlineData(Llama3, "a\n\n b  ", "a|\n\n| b|  ")]
    [InlineData(Llama3, "𝕏𝕐 👍🏽!", "𝕏𝕐| 👍🏽!")]
    [InlineData(Llama3, "it'\u017F", "it|'\u017F")]
    [InlineData(O200k, "camelCase HTMLParser don't", "camel|Case| HTMLParser| don't")]
    [InlineData(@"[^\S\n]+|\S+|\n", "a \tb\n", "a| \t|b|\n")]
    [InlineData(@"[一-龥]+|[a-c\-]+?|\d", "漢字ab-1", "漢字|a|b|-|1")]
    [InlineData(@"(ab|a)(?:c|bc)|(?<=c)d|\h{2}", "abcdx0fabc", "abc|d|0f|abc")]
    [InlineData(@"[\p{Han}]+|[\p{L}&&[^\p{Han}]]++|\d{1,3}(?=(?:\d{3})*\b)|\s", "漢字abc字1234567", "漢字|abc|字|1|234|567")]
    [InlineData(@"a{1,2}+|(?>b+)b|b", "aaab", "aaa|b")]
    [InlineData(@"(?i)rase|x$|^y", "RASE RAſE x\ny", "RASE|RAſE|x|y")]
    [InlineData(@"\p{P}|\x41|\u0042|[\x{1F600}-\x{1F64F}]", "!AB😀x", "!|A|B|😀")]
    public void TryFind_PublishedPattern_SplitsLikeOniguruma(string pattern, string text, string expected)
    {
        var matcher = SplitPattern.FromRegex(pattern);
        var pieces = new List<string>();
        var search = new PatternSearch(matcher);
        while (search.TryNext(text, out var start, out var end))
        {
            pieces.Add(text[start..end]);
        }

        pieces.Should().Equal(expected.Split('|'));
    }

    [Theory]
    [InlineData(@"(a)\1", @"\1")]
    [InlineData(@"\p{Nonsense}", "p{Nonsense}")]
    [InlineData(@"(?<=ab)c", "look-behind of more than one character")]
    [InlineData(@"[[:alpha:]]", "POSIX bracket")]
    [InlineData(@"(a", "unclosed group")]
    [InlineData(@"[a", "unclosed set")]
    [InlineData(@"(?i)straße", "ignored case")]
    [InlineData(@"(?i:grass)", "ignored case")]
    [InlineData(@"\X", @"\X")]
    [InlineData(@"((a{900}){900})", "too long")]
    public void FromRegex_WhatIsNotBuilt_IsRefusedByName(string pattern, string what)
        => FluentActions.Invoking(() => SplitPattern.FromRegex(pattern)).Should().Throw<TokenizerFormatException>().WithMessage($"*{what}*");
}
