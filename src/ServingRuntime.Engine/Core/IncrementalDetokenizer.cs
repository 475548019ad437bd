using Octavo.ServingRuntime.Engine.Tokenization;

namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>
/// Text of a growing row of tokens, in pieces that are final. A token may end inside a character, and what a token looks like may depend on the one
/// before it; so each piece is the difference of two decodings that begin a few tokens earlier, and is held back while it ends in U+FFFD.
/// </summary>
public sealed class IncrementalDetokenizer
{
    /// <summary>Tokens of the prompt that give the first generated one its context.</summary>
    private const int PromptContext = 6;

    /// <summary>A character has at most four bytes: what is incomplete after more tokens than this will stay so.</summary>
    private const int MaxHeldTokens = 8;

    private readonly Tokenizer tokenizer;
    private readonly bool skipSpecialTokens;
    private readonly IReadOnlySet<int>? shown;
    private List<int> window;
    private int emitted;

    public IncrementalDetokenizer(Tokenizer tokenizer, IReadOnlyList<int> promptTokenIds, bool skipSpecialTokens, IReadOnlySet<int>? shown = null)
    {
        this.tokenizer = tokenizer;
        this.skipSpecialTokens = skipSpecialTokens;
        this.shown = shown;
        window = [.. promptTokenIds.Skip(Math.Max(0, promptTokenIds.Count - PromptContext)).Where(Shown)];
        emitted = window.Count;
    }

    /// <summary>The text that this token completes; empty while a character is unfinished.</summary>
    public string Append(int tokenId)
    {
        if (!Shown(tokenId))
        {
            return "";
        }

        window.Add(tokenId);
        return Take(force: window.Count - emitted >= MaxHeldTokens);
    }

    /// <summary>What is still held back, with U+FFFD for what never became a character.</summary>
    public string Flush() => window.Count > emitted ? Take(force: true) : "";

    private bool Shown(int tokenId) => !(skipSpecialTokens && tokenizer.IsSpecial(tokenId)) || shown?.Contains(tokenId) == true;

    private string Take(bool force)
    {
        var before = tokenizer.Decode(window.Take(emitted), skipSpecialTokens: false);
        var after = tokenizer.Decode(window, skipSpecialTokens: false);
        if (!force && (after.Length <= before.Length || after[^1] == '\uFFFD'))
        {
            return "";
        }

        // They differ before the end of the first only where the prompt ended inside a character.
        var common = before.AsSpan().CommonPrefixLength(after);
        window = window.GetRange(emitted, window.Count - emitted);
        emitted = window.Count;
        return after[common..];
    }
}
