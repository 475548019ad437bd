namespace Octavo.TokenizerBench.Fuzzing;

/// <summary>What a campaign has compared and found.</summary>
public sealed class FuzzTally
{
    private readonly SortedDictionary<string, int> excluded = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> refused = new(StringComparer.Ordinal);

    public int Tokenizers { get; set; }

    public int Texts { get; set; }

    public int Comparisons { get; set; }

    public int Differences { get; set; }

    /// <summary>Times that the peer failed where this tokenizer did not: an error, or the end of its process.</summary>
    public int PeerFailures { get; set; }

    /// <summary>Comparisons left out, by the name of the rule.</summary>
    public IReadOnlyDictionary<string, int> Excluded => excluded;

    /// <summary>Tokenizers refused by name, by the message's beginning.</summary>
    public IReadOnlyDictionary<string, int> Refused => refused;

    public void Exclude(string rule) => excluded[rule] = excluded.GetValueOrDefault(rule) + 1;

    public void Refuse(string message) => refused[message] = refused.GetValueOrDefault(message) + 1;
}
