using System.Text;
using Octavo.ServingRuntime.Engine.StructuredOutput;
using Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.StructuredOutput;

/// <summary>Constraints over the tiny model's vocabulary, fed byte by byte or token by token.</summary>
internal static class GrammarHarness
{
    public const int StopToken = 2;

    public static readonly Tokenizer Tokenizer = Tokenizer.Load(Path.Combine(Repository.TinyModel, "tokenizer.json"));

    /// <summary>Its clock stands still: in tests the counters decide, however busy the machine is.</summary>
    public static readonly GrammarCompiler Compiler = new(Tokenizer, Tokenizer.VocabSize, new GrammarCompilerOptions(), new FakeTimeProvider());

    /// <summary>A tenth of the budgets, so that bombs are over soon.</summary>
    public static readonly GrammarCompiler TightCompiler =
        new(Tokenizer, Tokenizer.VocabSize, new GrammarCompilerOptions { MaxSteps = 2_000_000, MaxStates = 10_000, MaxRules = 400 }, new FakeTimeProvider());

    public static CompiledGrammar Compile(GrammarSpec spec) => Compiler.Compile(spec, CancellationToken.None);

    public static CompiledGrammar Schema(string schema) => Compile(new GrammarSpec.JsonSchema(schema));

    public static GrammarException Refusal(GrammarSpec spec) => ((Action)(() => Compile(spec))).Should().Throw<GrammarException>().Which;

    /// <summary>Whether the whole text is matched.</summary>
    public static bool Matches(this CompiledGrammar grammar, string text) => Read(grammar, Encoding.UTF8.GetBytes(text)).Accepting;

    /// <summary>Whether the text can be continued to a match, or is one.</summary>
    public static bool MayBegin(this CompiledGrammar grammar, string text) => Read(grammar, Encoding.UTF8.GetBytes(text)).IsAlive;

    public static ConfigurationSet Read(CompiledGrammar grammar, ReadOnlySpan<byte> bytes)
    {
        var stepper = new PushdownStepper(grammar.Automaton);
        var arena = new StackArena();
        var (current, next) = (new ConfigurationSet(), new ConfigurationSet());
        stepper.Start(arena, StackArena.Root, current);
        foreach (var value in bytes)
        {
            stepper.Step(arena, current, value, next);
            (current, next) = (next, current);
        }

        return current;
    }

    public static List<int> Allowed(ITokenConstraint constraint)
    {
        var mask = new uint[(Tokenizer.VocabSize + 31) / 32];
        constraint.TryFillMask(mask).Should().BeTrue();
        return [.. Enumerable.Range(0, Tokenizer.VocabSize).Where(id => (mask[id >> 5] >> id & 1) != 0)];
    }

    /// <summary>Random allowed tokens until the output is complete or a stop token comes.</summary>
    /// <returns>The text; null where it did not end within the limit.</returns>
    public static string? RandomWalk(CompiledGrammar grammar, Random random, int maxTokens = 4000)
    {
        var constraint = grammar.Create([StopToken]);
        var bytes = new List<byte>();
        for (var i = 0; i < maxTokens; i++)
        {
            if (constraint.IsComplete)
            {
                return Encoding.UTF8.GetString([.. bytes]);
            }

            var allowed = Allowed(constraint);
            allowed.Should().NotBeEmpty();
            // Stopping and closing are favoured, so that walks end.
            var closing = random.Next(3) == 0 ? allowed.FindAll(id => id == StopToken || (grammar.Vocabulary.BytesOf(id) is [(byte)'"' or (byte)'}' or (byte)']', ..])) : [];
            var token = closing.Count > 0 ? closing[random.Next(closing.Count)] : allowed[random.Next(allowed.Count)];
            constraint.Accept(token);
            bytes.AddRange(grammar.Vocabulary.BytesOf(token));
        }

        return null;
    }
}
