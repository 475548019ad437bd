namespace Octavo.ServingRuntime.Engine.Tokenization.Patterns;

/// <summary>
/// Lowers a parsed pattern to instructions (Thompson's construction; the first way through a <see cref="PatternOperation.Split"/> is the preferred one). Repetition is
/// written out, so the program's length bounds what a match can cost.
/// </summary>
internal sealed class PatternCompiler
{
    private const int MostInstructions = 10_000;
    private readonly List<PatternInstruction> program = [];

    /// <exception cref="TokenizerFormatException">The pattern becomes too long.</exception>
    public static PatternInstruction[] Compile(PatternSyntax pattern)
    {
        var compiler = new PatternCompiler();
        compiler.Emit(pattern);
        compiler.Add(new PatternInstruction(PatternOperation.Accept));
        return [.. compiler.program];
    }

    private int Add(PatternInstruction instruction)
    {
        if (program.Count >= MostInstructions)
        {
            throw new TokenizerFormatException("tokenizer.json: a split pattern is too long with its repetitions written out");
        }

        program.Add(instruction);
        return program.Count - 1;
    }

    private void Emit(PatternSyntax node)
    {
        switch (node)
        {
            case PatternSyntax.One one:
                Add(new PatternInstruction(PatternOperation.Take, Set: one.Set));
                break;
            case PatternSyntax.Row row:
                foreach (var part in row.Parts)
                {
                    Emit(part);
                }

                break;
            case PatternSyntax.Choice choice:
                EmitChoice(choice.Branches);
                break;
            case PatternSyntax.Repeat repeat:
                EmitRepeat(repeat);
                break;
            case PatternSyntax.LookAhead { Body: PatternSyntax.One one } look:
                Add(new PatternInstruction(PatternOperation.NextIs, Set: look.Negative ? one.Set.Negate() : one.Set, Flag: look.Negative));
                break;
            case PatternSyntax.LookAhead look:
                EmitBody(PatternOperation.LookAhead, look.Body, look.Negative);
                break;
            case PatternSyntax.LookBehind look:
                Add(new PatternInstruction(PatternOperation.PreviousIs, Set: look.Negative ? look.Set.Negate() : look.Set, Flag: look.Negative));
                break;
            case PatternSyntax.Atomic atomic:
                EmitBody(PatternOperation.Atomic, atomic.Body, flag: false);
                break;
            case PatternSyntax.Anchor { Kind: PatternAnchor.LineEnd }:
                Add(new PatternInstruction(PatternOperation.NextIs, Set: CharacterSet.LineFeed, Flag: true));
                break;
            case PatternSyntax.Anchor { Kind: PatternAnchor.TextEnd }:
                Add(new PatternInstruction(PatternOperation.NextIs, Set: CharacterSet.Empty, Flag: true));
                break;
            case PatternSyntax.Anchor anchor:
                Add(new PatternInstruction(PatternOperation.Anchor, (int)anchor.Kind));
                break;
        }
    }

    private void EmitChoice(IReadOnlyList<PatternSyntax> branches)
    {
        var ends = new List<int>();
        for (var i = 0; i < branches.Count - 1; i++)
        {
            var split = Add(default);
            Emit(branches[i]);
            ends.Add(Add(default));
            program[split] = new PatternInstruction(PatternOperation.Split, split + 1, program.Count);
        }

        Emit(branches[^1]);
        foreach (var end in ends)
        {
            program[end] = new PatternInstruction(PatternOperation.Jump, program.Count);
        }
    }

    private void EmitRepeat(PatternSyntax.Repeat repeat)
    {
        if (repeat.Possessive)
        {
            EmitPossessive(repeat);
            return;
        }

        for (var i = 0; i < repeat.Min - (repeat.Max == int.MaxValue && repeat.Min > 0 ? 1 : 0); i++)
        {
            Emit(repeat.Body);
        }

        if (repeat.Max == int.MaxValue && repeat.Min > 0)
        {
            var start = program.Count;
            Emit(repeat.Body);
            AddSplit(start, program.Count + 1, repeat.Lazy);
        }
        else if (repeat.Max == int.MaxValue)
        {
            var split = Add(default);
            Emit(repeat.Body);
            Add(new PatternInstruction(PatternOperation.Jump, split));
            SetSplit(split, split + 1, program.Count, repeat.Lazy);
        }
        else
        {
            var splits = new List<int>();
            for (var i = repeat.Min; i < repeat.Max; i++)
            {
                splits.Add(Add(default));
                Emit(repeat.Body);
            }

            foreach (var split in splits)
            {
                SetSplit(split, split + 1, program.Count, repeat.Lazy);
            }
        }
    }

    /// <summary>Of one set, "all there are" is the same as "and none follows", which needs no going back: x*+ is x*(?!x), x?+ is x|(?!x).</summary>
    private void EmitPossessive(PatternSyntax.Repeat repeat)
    {
        var greedy = repeat with { Possessive = false };
        switch (repeat)
        {
            case { Body: PatternSyntax.One one, Max: int.MaxValue }:
                Emit(greedy);
                Emit(new PatternSyntax.LookAhead(one, Negative: true));
                break;
            case { Body: PatternSyntax.One one, Min: 0, Max: 1 }:
                EmitChoice([one, new PatternSyntax.LookAhead(one, Negative: true)]);
                break;
            default:
                EmitBody(PatternOperation.Atomic, greedy, flag: false);
                break;
        }
    }

    private void EmitBody(PatternOperation operation, PatternSyntax body, bool flag)
    {
        var head = Add(default);
        Emit(body);
        Add(new PatternInstruction(PatternOperation.Accept));
        program[head] = new PatternInstruction(operation, program.Count, Flag: flag);
    }

    private void AddSplit(int body, int after, bool lazy) => SetSplit(Add(default), body, after, lazy);

    private void SetSplit(int at, int body, int after, bool lazy)
        => program[at] = lazy ? new PatternInstruction(PatternOperation.Split, after, body) : new PatternInstruction(PatternOperation.Split, body, after);
}
