using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Engine.Tokenization.Buffers;
using Octavo.ServingRuntime.Engine.Tokenization.Decoders;
using Octavo.ServingRuntime.Engine.Tokenization.Models;
using Octavo.ServingRuntime.Engine.Tokenization.Normalizers;
using Octavo.ServingRuntime.Engine.Tokenization.PostProcessors;
using Octavo.ServingRuntime.Engine.Tokenization.PreTokenizers;

namespace Octavo.ServingRuntime.Engine.Tokenization;

/// <summary>
/// Text to token ids and back, as Hugging Face's tokenizers library does it from the same tokenizer.json: added tokens, normalizer, pre-tokenizer, model,
/// post-processor; and the decoder for the way back. Safe to use from several threads.
/// </summary>
public sealed class Tokenizer
{
    private readonly Normalizer? normalizer;
    private readonly PreTokenizer? preTokenizer;
    private readonly TokenizerModel model;
    private readonly PostProcessor? postProcessor;
    private readonly TokenDecoder? decoder;
    private readonly AddedTokenMatcher? rawMatcher;
    private readonly AddedTokenMatcher? normalizedMatcher;
    private readonly Dictionary<int, string> addedById = [];
    private readonly Dictionary<string, int> addedByContent = new(StringComparer.Ordinal);
    private readonly HashSet<string> specialContents = new(StringComparer.Ordinal);
    private readonly HashSet<int> specialIds = [];
    private readonly (int Id, string? Text) anchor;
    private readonly byte[]?[] decodedBytes;
    private readonly ScratchPool scratches = new();

    internal Tokenizer(
        Normalizer? normalizer, PreTokenizer? preTokenizer, TokenizerModel model, PostProcessor? postProcessor, TokenDecoder? decoder, IReadOnlyList<AddedToken> addedTokens)
    {
        this.normalizer = normalizer;
        this.preTokenizer = preTokenizer;
        this.model = model;
        this.postProcessor = postProcessor;
        this.decoder = decoder;
        AddedTokens = addedTokens = AddedTokenIds.Assign(addedTokens, model);
        foreach (var token in addedTokens)
        {
            addedById[token.Id] = TextToMatch(token);
            addedByContent[token.Content] = token.Id;
            if (token.Special)
            {
                specialContents.Add(token.Content);
                specialIds.Add(token.Id);
            }
        }

        rawMatcher = MatcherOf(addedTokens.Where(t => !t.Normalized));
        normalizedMatcher = MatcherOf(addedTokens.Where(t => t.Normalized));
        IsByteLevel = decoder is ByteLevelDecoder;
        anchor = FindAnchor();
        VocabSize = Math.Max(model.VocabularySize, model.Vocabulary.Select(v => v.Value).Concat(addedTokens.Select(t => t.Id)).DefaultIfEmpty(-1).Max() + 1);
        decodedBytes = IsByteLevel ? new byte[]?[VocabSize] : [];
    }

    public IReadOnlyList<AddedToken> AddedTokens { get; }

    /// <summary>One more than the largest id.</summary>
    public int VocabSize { get; }

    /// <summary>False where no tokenizer has been read: ids have no texts then, and texts no ids.</summary>
    public bool HasVocabulary => model is not NoVocabularyModel;

    /// <summary>For token ids without texts: every id decodes to nothing.</summary>
    /// <param name="vocabSize">Of the model.</param>
    public static Tokenizer WithoutVocabulary(int vocabSize) => new(null, null, new NoVocabularyModel(vocabSize), null, null, []);

    /// <exception cref="TokenizerFormatException">The file is malformed or uses a component that is not built.</exception>
    public static Tokenizer Load(string tokenizerJsonPath)
    {
        using var stream = File.OpenRead(tokenizerJsonPath);
        return TokenizerJsonReader.Read(stream);
    }

    /// <inheritdoc cref="Load(string)"/>
    public static Tokenizer Load(Stream tokenizerJson) => TokenizerJsonReader.Read(tokenizerJson);

    /// <summary>Token ids of a text. Added tokens written in the text become those tokens.</summary>
    /// <param name="addSpecialTokens">Whether the post-processor adds its own (a chat template writes them itself, so it asks for none).</param>
    public List<int> Encode(string text, bool addSpecialTokens)
    {
        ArgumentNullException.ThrowIfNull(text);
        text = WithoutLoneSurrogates(text);
        var scratch = scratches.Rent();
        scratch.Ids.Clear();
        foreach (var (start, end, token) in Cut(rawMatcher, text))
        {
            if (token is not null)
            {
                scratch.Ids.Add(token.Id);
            }
            else
            {
                EncodeSegment(text.AsSpan(start, end - start), start == 0, scratch);
            }
        }

        var ids = new List<int>();
        CollectionsMarshal.SetCount(ids, scratch.Ids.Count);
        scratch.Ids.Ids.CopyTo(CollectionsMarshal.AsSpan(ids));
        scratches.Return(scratch);
        return addSpecialTokens && postProcessor is not null ? postProcessor.Process(ids) : ids;
    }

    /// <summary>Text of token ids; bytes that are no UTF-8 become U+FFFD, unknown ids nothing.</summary>
    public string Decode(IEnumerable<int> ids, bool skipSpecialTokens)
    {
        var tokens = new List<string>();
        foreach (var id in ids)
        {
            var token = IdToToken(id);
            if (token is not null && !(skipSpecialTokens && specialContents.Contains(token)))
            {
                tokens.Add(token);
            }
        }

        // Without a decoder the library joins the tokens by spaces.
        return decoder is null ? string.Join(' ', tokens) : string.Concat(decoder.Decode(tokens));
    }

    public int? TokenToId(string token) => addedByContent.TryGetValue(token, out var id) ? id : model.TokenToId(token);

    /// <summary>The token as the vocabulary writes it, or null for an id that it does not know.</summary>
    public string? IdToToken(int id) => addedById.GetValueOrDefault(id) ?? model.IdToToken(id);

    /// <summary>
    /// The bytes that a token adds in the middle of a text, also where they are only part of a character; empty for an unknown id. Some decoders treat the first
    /// token of a text differently (SentencePiece drops its space), so a token is decoded behind another one, whose text is taken off.
    /// </summary>
    public byte[] TokenBytes(int id)
    {
        if (IdToToken(id) is not { } token)
        {
            return [];
        }

        var bytes = new List<byte>();
        var isBytes = decoder is ByteLevelDecoder && !addedById.ContainsKey(id) && ByteAlphabet.TryDecode(token, bytes);
        if (isBytes)
        {
            return [.. bytes];
        }

        if (ByteFallbackDecoder.TryReadByte(token, out var single))
        {
            return [single];
        }

        var behind = anchor.Text is null ? null : Decode([anchor.Id, id], skipSpecialTokens: false);
        var text = behind is not null && behind.StartsWith(anchor.Text!, StringComparison.Ordinal) && !behind.Contains('\uFFFD')
            ? behind[anchor.Text!.Length..]
            : Decode([id], skipSpecialTokens: false);
        return System.Text.Encoding.UTF8.GetBytes(text);
    }

    /// <summary>Whether the text of tokens is the UTF-8 text of their bytes, one after the other, whatever their neighbours.</summary>
    public bool IsByteLevel { get; }

    /// <summary>What a token adds to the bytes of a text. Only where <see cref="IsByteLevel"/>; unknown ids add nothing.</summary>
    public ReadOnlySpan<byte> DecodedBytes(int id)
    {
        if ((uint)id >= (uint)decodedBytes.Length)
        {
            return [];
        }

        // Two threads may compute the same bytes; either result will do.
        return decodedBytes[id] ??= ByteLevelDecoder.BytesOf(IdToToken(id) ?? "");
    }

    /// <summary>A decoder that takes tokens one by one; null where the tokenizer's needs them all.</summary>
    internal TextStream? Stream(TextStream next)
        => decoder is null ? new MapStream((token, isFirst) => isFirst ? token : " " + token, next) : decoder.Stream(next, joined: false);

    public bool IsSpecial(int id) => specialIds.Contains(id);

    /// <summary>A token that is its own text.</summary>
    private (int Id, string? Text) FindAnchor()
    {
        foreach (var candidate in (ReadOnlySpan<string>)["a", "x", "0", "."])
        {
            if (TokenToId(candidate) is { } id && Decode([id], skipSpecialTokens: false) == candidate)
            {
                return (id, candidate);
            }
        }

        return (-1, null);
    }

    private static List<(int Start, int End, AddedToken? Token)> Cut(AddedTokenMatcher? matcher, ReadOnlySpan<char> text)
        => matcher?.Split(text) ?? (text.Length == 0 ? [] : [(0, text.Length, null)]);

    /// <summary>Text in .NET may hold halves of surrogate pairs, which no UTF-8 can say: they are U+FFFD from here on.</summary>
    private static string WithoutLoneSurrogates(string text)
    {
        for (var at = text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF'); at >= 0 && at < text.Length; at++)
        {
            if (char.IsSurrogate(text[at]) && !(at + 1 < text.Length && char.IsSurrogatePair(text[at], text[++at])))
            {
                return string.Concat(text.EnumerateRunes());
            }
        }

        return text;
    }

    private void EncodeSegment(ReadOnlySpan<char> segment, bool atStart, EncodingScratch scratch)
    {
        var buffer = scratch.Pieces.Text;
        buffer.Set(segment);
        normalizer?.Normalize(buffer);
        atStart &= buffer.KeepsStart;
        if (normalizedMatcher is null || !normalizedMatcher.MayMatch(buffer.Text))
        {
            EncodePieces(atStart, scratch);
            return;
        }

        var normalized = buffer.Text.ToString();
        foreach (var (from, to, token) in normalizedMatcher.Split(normalized))
        {
            if (token is not null)
            {
                scratch.Ids.Add(token.Id);
            }
            else
            {
                buffer.Set(normalized.AsSpan(from, to - from));
                EncodePieces(atStart && from == 0, scratch);
            }
        }
    }

    private void EncodePieces(bool atStart, EncodingScratch scratch)
    {
        var pieces = scratch.Pieces;
        pieces.Reset(atStart);
        preTokenizer?.Split(pieces);
        for (var i = 0; i < pieces.Count; i++)
        {
            model.Tokenize(pieces[i], scratch);
        }
    }

    private AddedTokenMatcher? MatcherOf(IEnumerable<AddedToken> tokens)
    {
        var list = tokens.Select(t => (TextToMatch(t), t)).ToList();
        return list.Count > 0 ? new AddedTokenMatcher(list) : null;
    }

    private string TextToMatch(AddedToken token) => token.Normalized && normalizer is not null ? normalizer.Normalize(token.Content) : token.Content;
}
