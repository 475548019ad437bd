using System.Text;
using Octavo.ServingRuntime.Engine.Tokenization;

namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>
/// Text of a growing row of tokens, in pieces that are final. Byte-level tokens are bytes, whose text a UTF-8 decoder gives character by character. With other
/// vocabularies what a token looks like may depend on the one before it: there each piece is the difference of two decodings that begin a few tokens earlier,
/// and is held back while it ends in U+FFFD.
/// </summary>
public sealed class IncrementalDetokenizer
{
    /// <summary>Tokens of the prompt that give the first generated one its context.</summary>
    private const int PromptContext = 6;

    /// <summary>A character has at most four bytes: what is incomplete after more tokens than this will stay so.</summary>
    private const int MaxHeldTokens = 8;

    private const int StackChars = 128;

    private readonly Tokenizer tokenizer;
    private readonly bool skipSpecialTokens;
    private readonly IReadOnlySet<int>? shown;
    private readonly Decoder? utf8;
    private List<int> window = [];
    private int emitted;
    private bool appended;

    public IncrementalDetokenizer(Tokenizer tokenizer, IReadOnlyList<int> promptTokenIds, bool skipSpecialTokens, IReadOnlySet<int>? shown = null)
    {
        this.tokenizer = tokenizer;
        this.skipSpecialTokens = skipSpecialTokens;
        this.shown = shown;
        utf8 = tokenizer.IsByteLevel ? Encoding.UTF8.GetDecoder() : null;
        for (var i = Math.Max(0, promptTokenIds.Count - PromptContext); i < promptTokenIds.Count; i++)
        {
            if (!Shown(promptTokenIds[i]))
            {
                continue;
            }

            if (utf8 is null)
            {
                window.Add(promptTokenIds[i]);
            }
            else
            {
                // The prompt's text is not given out, but it may end inside a character that the first token completes.
                Decode(utf8, tokenizer.DecodedBytes(promptTokenIds[i]), flush: false);
            }
        }

        emitted = window.Count;
    }

    /// <summary>The text that this token completes; empty while a character is unfinished.</summary>
    public string Append(int tokenId)
    {
        if (!Shown(tokenId))
        {
            return "";
        }

        appended = true;
        if (utf8 is not null)
        {
            return Decode(utf8, tokenizer.DecodedBytes(tokenId), flush: false);
        }

        window.Add(tokenId);
        return Take(force: window.Count - emitted >= MaxHeldTokens);
    }

    /// <summary>What is still held back, with U+FFFD for what never became a character. What the prompt left unfinished is not this text's.</summary>
    public string Flush() => !appended ? "" : utf8 is not null ? Decode(utf8, [], flush: true) : window.Count > emitted ? Take(force: true) : "";

    private static string Decode(Decoder decoder, ReadOnlySpan<byte> bytes, bool flush)
    {
        // Each byte gives at most one UTF-16 unit, and a held-back character at most two more.
        var most = bytes.Length + 3;
        var chars = most <= StackChars ? stackalloc char[StackChars] : new char[most];
        return new string(chars[..decoder.GetChars(bytes, chars, flush)]);
    }

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
