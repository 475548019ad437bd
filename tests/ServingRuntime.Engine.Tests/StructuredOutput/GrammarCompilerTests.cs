using Octavo.ServingRuntime.Engine.StructuredOutput;
using Octavo.TestSupport;
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

    [Fact]
    public async Task CompileAsync_ClockRunsOut_IsTooComplexAndTriedAgain()
    {
        var clock = new SteppingClock { Step = TimeSpan.FromSeconds(1) };
        using var compiler = new GrammarCompiler(Tokenizer, Tokenizer.VocabSize, new GrammarCompilerOptions(), clock);
        var spec = new GrammarSpec.Regex("[a-z]{1,9}(\\p{L}|[0-9])*");
        var refusal = await compiler.Invoking(c => c.CompileAsync(spec, CancellationToken.None)).Should().ThrowAsync<GrammarException>();
        refusal.Which.Fault.Should().Be(GrammarFault.TooComplex);
        refusal.Which.Message.Should().Contain("2 s");
        clock.Step = TimeSpan.Zero;
        (await compiler.CompileAsync(spec, CancellationToken.None)).Should().NotBeNull();
    }

    [Fact]
    public async Task CompileAsync_QueueFull_IsBusyAndCallersCanLeave()
    {
        var clock = new SteppingClock();
        clock.Gate.Reset();
        using var compiler = new GrammarCompiler(Tokenizer, Tokenizer.VocabSize, new GrammarCompilerOptions { Workers = 1, MaxQueued = 1 }, clock);
        using var leaving = new CancellationTokenSource();
        var first = compiler.CompileAsync(new GrammarSpec.Choice(["1"]), leaving.Token);
        await Eventually.HoldsAsync(() => clock.Waiting, "a worker compiles");
        var second = compiler.CompileAsync(new GrammarSpec.Choice(["2"]), CancellationToken.None);
        var third = await compiler.Invoking(c => c.CompileAsync(new GrammarSpec.Choice(["3"]), CancellationToken.None)).Should().ThrowAsync<GrammarException>();
        third.Which.Fault.Should().Be(GrammarFault.Busy);
        await leaving.CancelAsync();
        await ((Func<Task>)(() => first)).Should().ThrowAsync<OperationCanceledException>();
        clock.Gate.Set();
        (await second).Should().NotBeNull();
        (await compiler.CompileAsync(new GrammarSpec.Choice(["1"]), CancellationToken.None)).Should().NotBeNull("it was compiled for whoever asks next");
    }

    [Fact]
    public async Task CompileAsync_Refused_IsRefusedAgainFromTheCache()
    {
        using var compiler = new GrammarCompiler(Tokenizer, Tokenizer.VocabSize, new GrammarCompilerOptions(), TimeProvider.System);
        for (var i = 0; i < 2; i++)
        {
            (await compiler.Invoking(c => c.CompileAsync(new GrammarSpec.Regex("("), CancellationToken.None)).Should().ThrowAsync<GrammarException>())
                .Which.Message.Should().Contain("unclosed group");
        }

        compiler.CachedCount.Should().Be(1);
    }

    /// <summary>Moves at every look, and can hold whoever looks.</summary>
    private sealed class SteppingClock : TimeProvider
    {
        private long now;

        public TimeSpan Step { get; set; }

        public ManualResetEventSlim Gate { get; } = new(true);

        public bool Waiting { get; private set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp()
        {
            Waiting = !Gate.IsSet;
            Gate.Wait(TimeSpan.FromSeconds(60));
            return Interlocked.Add(ref now, Step.Ticks);
        }
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
