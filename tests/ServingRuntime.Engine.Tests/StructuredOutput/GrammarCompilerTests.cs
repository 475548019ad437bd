using Octavo.ServingRuntime.Engine.StructuredOutput;
using static Octavo.ServingRuntime.Engine.Tests.StructuredOutput.GrammarHarness;

namespace Octavo.ServingRuntime.Engine.Tests.StructuredOutput;

public sealed class GrammarCompilerTests
{
    [Theory]
    [InlineData("{}", true)]
    [InlineData("{ \"a\": 1 }", true)]
    [InlineData("{\"a\":[1,2.5e3,{\"b\":null}],\"ü\":\"\\u00e9\\ud83d\\ude00\"}", true)]
    [InlineData("{\n  \"a\": true,\n  \"b\": [\n    -0.5\n  ]\n}", true)]
    [InlineData("[]", false)]
    [InlineData("{\"a\":01}", false)]
    [InlineData("{\"a\":\"\\ud83d\"}", false)]
    [InlineData("{\"a\":\"\t\"}", false)]
    [InlineData("{\"a\":1,}", false)]
    [InlineData("{  }", false)]
    [InlineData("{} ", false)]
    public void JsonObject_Text_IsMatchedAsJsonSays(string text, bool expected)
        => Compile(new GrammarSpec.JsonObject()).Matches(text).Should().Be(expected);

    [Fact]
    public void Choice_OnePrefixOfAnother_BothCanBeWritten()
    {
        var grammar = Compile(new GrammarSpec.Choice(["yes", "yes please", "no"]));
        grammar.Matches("yes").Should().BeTrue();
        grammar.Matches("yes please").Should().BeTrue();
        grammar.Matches("no").Should().BeTrue();
        grammar.Matches("yes p").Should().BeFalse();

        var constraint = grammar.Create([StopToken]);
        Feed(constraint, "yes");
        constraint.IsComplete.Should().BeFalse();
        Allowed(constraint).Should().Contain(StopToken).And.Contain(Tokenizer.Encode(" please", false)[0]);
        Feed(constraint, " please");
        constraint.IsComplete.Should().BeTrue();
        Allowed(constraint).Should().Equal(StopToken);
    }

    [Fact]
    public void Create_JsonObject_NeverAllowsStopInside()
    {
        var constraint = Compile(new GrammarSpec.JsonObject()).Create([StopToken]);
        Allowed(constraint).Should().NotContain(StopToken);
        Feed(constraint, "{\"a\": \"b");
        Allowed(constraint).Should().NotContain(StopToken);
        Feed(constraint, "\"}");
        constraint.IsComplete.Should().BeTrue();
    }

    [Fact]
    public void Accept_TokenThatTheMaskForbids_EndsInsteadOfThrowing()
    {
        var constraint = Compile(new GrammarSpec.Choice(["abc"])).Create([StopToken]);
        constraint.Accept(Tokenizer.Encode("zz", false)[0]);
        constraint.IsComplete.Should().BeTrue();
        Allowed(constraint).Should().Equal(StopToken);
    }

    [Fact]
    public async Task CompileAsync_EqualSpecifications_CompileOnce()
    {
        using var compiler = new GrammarCompiler(Tokenizer, Tokenizer.VocabSize, new GrammarCompilerOptions(), TimeProvider.System);
        var both = await Task.WhenAll(
            compiler.CompileAsync(new GrammarSpec.Choice(["a", "b"]), CancellationToken.None),
            compiler.CompileAsync(new GrammarSpec.Choice(["a", "b"]), CancellationToken.None));
        both[0].Should().BeSameAs(both[1]);
        (await compiler.CompileAsync(new GrammarSpec.Choice(["ab"]), CancellationToken.None)).Should().NotBeSameAs(both[0]);
        compiler.CachedCount.Should().Be(2);
    }

    [Fact]
    public async Task CompileAsync_CacheFull_DropsLeastRecentlyUsed()
    {
        var options = new GrammarCompilerOptions { CacheBytes = 1_500_000, MaskCacheBytes = 500_000 };
        using var compiler = new GrammarCompiler(Tokenizer, Tokenizer.VocabSize, options, TimeProvider.System);
        var first = await compiler.CompileAsync(new GrammarSpec.Choice(["1"]), CancellationToken.None);
        var second = await compiler.CompileAsync(new GrammarSpec.Choice(["2"]), CancellationToken.None);
        (await compiler.CompileAsync(new GrammarSpec.Choice(["1"]), CancellationToken.None)).Should().BeSameAs(first);
        await compiler.CompileAsync(new GrammarSpec.Choice(["3"]), CancellationToken.None);

        compiler.CachedCount.Should().Be(2);
        (await compiler.CompileAsync(new GrammarSpec.Choice(["1"]), CancellationToken.None)).Should().BeSameAs(first);
        (await compiler.CompileAsync(new GrammarSpec.Choice(["2"]), CancellationToken.None)).Should().NotBeSameAs(second);
    }

    private static void Feed(ITokenConstraint constraint, string text)
    {
        foreach (var id in Tokenizer.Encode(text, addSpecialTokens: false))
        {
            Allowed(constraint).Should().Contain(id);
            constraint.Accept(id);
        }
    }
}
