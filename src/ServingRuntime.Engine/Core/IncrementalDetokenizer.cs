using System.Text;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.ServingRuntime.Engine.Tokenization.Decoders;

namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>
/// Text of a growing row of tokens, in pieces that are final: joined they are the text of the whole row. Byte-level tokens are bytes, whose text a UTF-8 decoder gives
/// character by character; other decoders run as a chain that takes a token at a time. The few that cannot (a pattern that is replaced in the joined text; no published
/// tokenizer has one) give their text when the row ends.
/// </summary>
public sealed class IncrementalDetokenizer
{
    /// <summary>Tokens of the prompt that give the first generated one its context.</summary>
    private const int PromptContext = 6;

    private const int StackChars = 128;

    private readonly Tokenizer tokenizer;
    private readonly bool skipSpecialTokens;
    private readonly IReadOnlySet<int>? shown;
    private readonly Decoder? utf8;
    private readonly TextSink sink = new();
    private readonly TextStream? stream;
    private readonly List<int> held = [];
    private readonly int promptLength;
    private bool appended;

    public IncrementalDetokenizer(Tokenizer tokenizer, IReadOnlyList<int> promptTokenIds, bool skipSpecialTokens, IReadOnlySet<int>? shown = null)
    {
        this.tokenizer = tokenizer;
        this.skipSpecialTokens = skipSpecialTokens;
        this.shown = shown;
        utf8 = tokenizer.IsByteLevel ? Encoding.UTF8.GetDecoder() : null;
        stream = utf8 is null ? tokenizer.Stream(sink) : null;
        for (var i = Math.Max(0, promptTokenIds.Count - PromptContext); i < promptTokenIds.Count; i++)
        {
            if (!Shown(promptTokenIds[i]))
            {
                continue;
            }

            // The prompt's text is not given out, but it may end inside a character that the first token completes.
            if (utf8 is not null)
            {
                Decode(utf8, tokenizer.DecodedBytes(promptTokenIds[i]), flush: false);
            }
            else if (stream is not null)
            {
                Push(promptTokenIds[i]);
            }
            else
            {
                held.Add(promptTokenIds[i]);
            }
        }

        stream?.Forget();
        promptLength = held.Count;
    }

    /// <summary>The text that this token completes; empty while a character is unfinished.</summary>
    public string Append(int tokenId)
    {
        if (!Shown(tokenId))
        {
            return "";
        }

        if (!tokenizer.HasVocabulary)
        {
            return "";
        }

        appended = true;
        if (utf8 is not null)
        {
            return Decode(utf8, tokenizer.DecodedBytes(tokenId), flush: false);
        }

        if (stream is not null)
        {
            Push(tokenId);
            return sink.Take();
        }

        held.Add(tokenId);
        return "";
    }

    /// <summary>What is still held back, with U+FFFD for what never became a character. What the prompt left unfinished is not this text's.</summary>
    public string Flush()
    {
        if (!appended)
        {
            return "";
        }

        if (utf8 is not null)
        {
            return Decode(utf8, [], flush: true);
        }

        stream?.Flush();
        return stream is not null ? sink.Take() : TakeHeld();
    }

    private static string Decode(Decoder decoder, ReadOnlySpan<byte> bytes, bool flush)
    {
        // Each byte gives at most one UTF-16 unit, and a held-back character at most two more.
        var most = bytes.Length + 3;
        var chars = most <= StackChars ? stackalloc char[StackChars] : new char[most];
        return new string(chars[..decoder.GetChars(bytes, chars, flush)]);
    }

    private bool Shown(int tokenId) => !(skipSpecialTokens && tokenizer.IsSpecial(tokenId)) || shown?.Contains(tokenId) == true;

    /// <summary>Ids that the vocabulary does not know are nothing.</summary>
    private void Push(int tokenId)
    {
        if (tokenizer.IdToToken(tokenId) is { } token)
        {
            stream!.Push(token);
        }
    }

    private string TakeHeld()
    {
        var before = tokenizer.Decode(held.Take(promptLength), skipSpecialTokens: false);
        var after = tokenizer.Decode(held, skipSpecialTokens: false);
        held.RemoveRange(promptLength, held.Count - promptLength);
        return after[before.AsSpan().CommonPrefixLength(after)..];
    }
}
