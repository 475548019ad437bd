using Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;
using Octavo.ServingRuntime.Engine.StructuredOutput.Masks;

namespace Octavo.ServingRuntime.Engine.StructuredOutput;

/// <summary>A compiled constraint: automaton and masks, shared by all its requests.</summary>
internal sealed class CompiledGrammar : ITokenConstraintSource
{
    /// <summary>Shared, because its tables are larger than what a request needs; guarded by itself.</summary>
    private readonly PushdownStepper stepper;

    public CompiledGrammar(PushdownAutomaton automaton, TokenVocabulary vocabulary, int maskCacheBytes)
    {
        stepper = new PushdownStepper(automaton);
        Automaton = automaton;
        Vocabulary = vocabulary;
        Masks = new MaskTable(automaton, vocabulary, maskCacheBytes);
        Bytes = automaton.Bytes + maskCacheBytes;
    }

    public PushdownAutomaton Automaton { get; }

    public TokenVocabulary Vocabulary { get; }

    public MaskTable Masks { get; }

    /// <summary>What it may come to hold, with its masks.</summary>
    public long Bytes { get; }

    public ITokenConstraint Create(IReadOnlyList<int> stopTokenIds) => new TokenConstraint(this, stopTokenIds);

    public void Start(StackArena arena, ConfigurationSet set)
    {
        lock (stepper)
        {
            stepper.Start(arena, StackArena.Root, set);
        }
    }

    /// <summary>Reads a token; <paramref name="current"/> is then where matching stands, not alive where the token could not come.</summary>
    public void Read(StackArena arena, int tokenId, ref ConfigurationSet current, ref ConfigurationSet spare)
    {
        lock (stepper)
        {
            if (Vocabulary.IsAdded(tokenId))
            {
                stepper.StepToken(arena, current, tokenId, spare);
                (current, spare) = (spare, current);
                return;
            }

            var bytes = Vocabulary.BytesOf(tokenId);
            if (bytes.IsEmpty)
            {
                current.Clear();
            }

            foreach (var value in bytes)
            {
                stepper.Step(arena, current, value, spare);
                (current, spare) = (spare, current);
            }
        }
    }
}
