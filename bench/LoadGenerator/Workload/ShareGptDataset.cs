using System.Text.Json;

namespace Octavo.LoadGenerator.Workload;

/// <summary>
/// Real conversations in ShareGPT's form (<c>[{"conversations": [{"from": "human", "value": …}, {"from": "gpt", "value": …}]}]</c>): the first question is the prompt,
/// and the first answer's estimated length is what is generated, unless a length is given. As vLLM's benchmark does, very short and very long ones are left out.
/// </summary>
internal sealed class ShareGptDataset : IDataset
{
    private const int MinTokens = 4;
    private const int MaxConversations = 50_000;

    private readonly BenchSession[] sessions;
    private int next;

    private ShareGptDataset(BenchSession[] sessions) => this.sessions = sessions;

    public int? Count => sessions.Length;

    /// <exception cref="InvalidDataException">No conversation can be used.</exception>
    public static async Task<ShareGptDataset> LoadAsync(
        Stream json, TokenScale scale, LengthDistribution? output, int maxInput, int maxOutput, Random random, CancellationToken cancellationToken)
    {
        var sessions = new List<BenchSession>();
        await foreach (var item in JsonSerializer.DeserializeAsyncEnumerable<JsonElement>(json, cancellationToken: cancellationToken))
        {
            if (Turns(item) is not [var question, var answer, ..])
            {
                continue;
            }

            var asked = Tokens(question);
            var answered = output?.Draw(random) ?? Tokens(answer);
            if (asked >= MinTokens && asked <= maxInput && answered >= MinTokens && answered <= maxOutput)
            {
                sessions.Add(BenchSession.Single(new PromptPiece(question, null), answered));
            }

            if (sessions.Count == MaxConversations)
            {
                break;
            }
        }

        if (sessions.Count == 0)
        {
            throw new InvalidDataException($"no conversation with a question of {MinTokens} to {maxInput} tokens and an answer of {MinTokens} to {maxOutput}");
        }

        BenchSession[] shuffled = [.. sessions];
        random.Shuffle(shuffled);
        return new ShareGptDataset(shuffled);

        int Tokens(string text) => scale.TokensFor(text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length);
    }

    public BenchSession Next() => sessions[next++ % sessions.Length];

    private static IReadOnlyList<string> Turns(JsonElement item) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty("conversations", out var turns) && turns.ValueKind == JsonValueKind.Array
            ? [.. turns.EnumerateArray().Select(t => t.ValueKind == JsonValueKind.Object && t.TryGetProperty("value", out var value) ? value.ToString() : "")]
            : [];
}
