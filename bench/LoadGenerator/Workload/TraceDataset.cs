using Octavo.LoadGenerator.Configuration;

namespace Octavo.LoadGenerator.Workload;

/// <summary>A recorded load: its arrivals and lengths, and where it names blocks of prompts, its shared prefixes.</summary>
internal sealed class TraceDataset : IDataset
{
    private readonly PromptSource source;
    private readonly ServeOptions options;
    private readonly Random random;
    private readonly TraceRow[] rows;
    private int next;

    public TraceDataset(PromptSource source, IReadOnlyList<TraceRow> trace, ServeOptions options, Random random)
    {
        this.source = source;
        this.options = options;
        this.random = random;
        rows = [.. trace.Select(r => r with { Seconds = (r.Seconds + (options.TraceJitter * random.NextDouble())) / options.TimeScale }).OrderBy(r => r.Seconds)];
    }

    public int? Count => rows.Length;

    public BenchSession Next()
    {
        var row = rows[next++ % rows.Length];
        var input = Scaled(row.InputTokens, options.MaxInputLen);
        var prompt = row.BlockIds is { Count: > 0 } blocks ? Blocks(blocks, input) : source.Draw(input, random);
        return BenchSession.Single(prompt, Scaled(row.OutputTokens, options.MaxOutputLen), options.IgnoreTraceTimes ? null : TimeSpan.FromSeconds(row.Seconds));
    }

    private int Scaled(int tokens, int most) => Math.Clamp((int)Math.Round(tokens * options.LengthScale), 1, most);

    /// <summary>The same id makes the same text in every prompt; the last block may be cut.</summary>
    private PromptPiece Blocks(IReadOnlyList<int> blocks, int tokens)
    {
        var blockTokens = Math.Max(1, (int)Math.Round(options.TraceBlockSize * options.LengthScale));
        var prompt = default(PromptPiece?);
        for (var i = 0; tokens > 0; i++)
        {
            // A prompt longer than its blocks ends with text of its own.
            var own = i < blocks.Count ? new Random(unchecked((blocks[i] * 397) ^ options.Seed)) : random;
            var size = Math.Min(i < blocks.Count ? blockTokens : tokens, tokens);
            var piece = source.Draw(size, own);
            prompt = prompt is { } before ? before.Then(piece) : piece;
            tokens -= size;
        }

        return prompt!.Value;
    }
}
