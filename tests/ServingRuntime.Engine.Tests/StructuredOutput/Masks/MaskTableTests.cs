using Octavo.ServingRuntime.Engine.StructuredOutput;
using Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;
using static Octavo.ServingRuntime.Engine.Tests.StructuredOutput.GrammarHarness;

namespace Octavo.ServingRuntime.Engine.Tests.StructuredOutput.Masks;

public sealed class MaskTableTests
{
    public static TheoryData<GrammarSpec> Specifications() =>
    [
        new GrammarSpec.JsonObject(),
        new GrammarSpec.JsonObject { DisableAnyWhitespace = true },
        new GrammarSpec.Regex("[a-z ]{3,70}(\\.|!)"),
        new GrammarSpec.Regex("(a|ab|abc|[b-d]{2,90})*(e|é+)?"),
        new GrammarSpec.Regex("(([a-z]{2,40} ){3,50}[0-9]{1,30}\n){2,}"),
        new GrammarSpec.Regex(".{0,20}"),
        new GrammarSpec.Choice(["the", "there", "then go", "a", "é"]),
        new GrammarSpec.TriggeredText([new("<call>", new GrammarSpec.Sequence([new GrammarSpec.JsonObject(), new GrammarSpec.Literal("</call>")]))]),
        new GrammarSpec.AfterReasoning("</think>", new GrammarSpec.Choice(["yes", "no"])),
        new GrammarSpec.Repeat(new GrammarSpec.Regex("[ab]{1,3}"), 2, 40, ", "),
    ];

    /// <summary>A token is allowed exactly if its bytes, read one by one, leave the automaton alive.</summary>
    [Theory]
    [MemberData(nameof(Specifications))]
    public void Fill_AlongRandomWalks_EqualsBruteForce(GrammarSpec spec)
    {
        var grammar = Compile(spec);
        var random = new Random(7);
        for (var walk = 0; walk < 2; walk++)
        {
            var constraint = grammar.Create([StopToken]);
            var arena = new StackArena();
            var stepper = new PushdownStepper(grammar.Automaton);
            var (current, next) = (new ConfigurationSet(), new ConfigurationSet());
            stepper.Start(arena, StackArena.Root, current);
            for (var step = 0; step < 40 && !constraint.IsComplete; step++)
            {
                var allowed = Allowed(constraint);
                allowed.Should().Equal(BruteForce(grammar, arena, current));
                var token = allowed[random.Next(allowed.Count)];
                if (token == StopToken)
                {
                    break;
                }

                constraint.Accept(token);
                grammar.Read(arena, token, ref current, ref next);
                current.IsAlive.Should().BeTrue();
            }
        }
    }

    [Fact]
    public void Fill_SteadyState_AllocatesNothing()
    {
        var grammar = Compile(new GrammarSpec.JsonObject());
        var constraint = grammar.Create([StopToken]);
        var mask = new uint[(Tokenizer.VocabSize + 31) / 32];
        var tokens = Tokenizer.Encode("{\"name\": \"Lorem ipsum dolor sit amet\", \"list\": [1, 2, 3]", false);
        Run();
        constraint = grammar.Create([StopToken]);
        Run();
        var brace = Tokenizer.Encode("}", false)[0];
        var before = GC.GetAllocatedBytesForCurrentThread();
        constraint.TryFillMask(mask);
        constraint.Accept(brace);
        var after = GC.GetAllocatedBytesForCurrentThread();
        (after - before).Should().Be(0);

        void Run()
        {
            foreach (var token in tokens)
            {
                constraint.TryFillMask(mask);
                constraint.Accept(token);
            }

            constraint.TryFillMask(mask);
        }
    }

    private static List<int> BruteForce(CompiledGrammar grammar, StackArena arena, ConfigurationSet start)
    {
        var allowed = new List<int>();
        var bottom = arena.Count;
        for (var id = 0; id < Tokenizer.VocabSize; id++)
        {
            if (id == StopToken)
            {
                if (start.Accepting)
                {
                    allowed.Add(id);
                }

                continue;
            }

            var (current, next) = (new ConfigurationSet(), new ConfigurationSet());
            for (var i = 0; i < start.Length; i++)
            {
                current.Add(start[i].State, start[i].Count, start[i].Stack);
            }

            grammar.Read(arena, id, ref current, ref next);
            arena.CutBack(bottom);
            if (current.IsAlive)
            {
                allowed.Add(id);
            }
        }

        return allowed;
    }
}
