using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Models;

/// <summary>
/// What a piece is before anything is merged: one symbol a character; what the vocabulary lacks becomes bytes, or the unknown token, or nothing. As in Hugging Face's
/// library an unknown token is written when something known comes after it, so that bytes come before it.
/// </summary>
internal sealed class InitialSymbols(TokenizerVocabulary vocabulary, CharacterSymbols characters, BpeOptions options)
{
    /// <summary>Symbols that a UTF-16 unit can become: three bytes, and an unknown token that was held back.</summary>
    public const int MostPerChar = 4;

    private readonly ByteTokens? byteTokens = options.ByteFallback ? new ByteTokens(vocabulary.Ids) : null;
    private readonly int unknownId = options.UnknownToken is null ? -1 : vocabulary.Find(options.UnknownToken) ?? -1;

    public void AddKnown(ref SymbolRow row, int symbol)
    {
        Finish(ref row);
        row.Add(symbol);
    }

    public void AddUnknown(ref SymbolRow row, int scalar)
    {
        Span<byte> bytes = stackalloc byte[4];
        bytes = bytes[..new Rune(scalar).EncodeToUtf8(bytes)];
        if (byteTokens is not null && byteTokens.HasAll(bytes))
        {
            foreach (var value in bytes)
            {
                row.Add(byteTokens[value]);
            }
        }
        else
        {
            AddUnknownToken(ref row);
        }
    }

    public void Finish(ref SymbolRow row)
    {
        if (row.UnknownPending)
        {
            row.Add(unknownId);
            row.UnknownPending = false;
        }
    }

    /// <summary>The symbols of a whole piece where each depends on its place: continuing_subword_prefix, end_of_word_suffix.</summary>
    public int[] WithAffixes(ReadOnlySpan<char> piece)
    {
        var longest = Math.Max(MostPerChar, 1 + System.Text.Encoding.UTF8.GetByteCount(options.ContinuingSubwordPrefix) + System.Text.Encoding.UTF8.GetByteCount(options.EndOfWordSuffix) + 4);
        var row = new SymbolRow(new int[piece.Length * longest]);
        for (int at = 0, length; at < piece.Length; at += length)
        {
            Patterns.PatternBacktracker.ScalarAt(piece, at, out length);
            var text = string.Concat(
                at > 0 ? options.ContinuingSubwordPrefix : "", piece.Slice(at, length), at + length == piece.Length ? options.EndOfWordSuffix : "");
            var bytes = System.Text.Encoding.UTF8.GetBytes(text);
            if (vocabulary.Find(text) is { } symbol)
            {
                AddKnown(ref row, symbol);
            }
            else if (byteTokens is not null && byteTokens.HasAll(bytes))
            {
                foreach (var value in bytes)
                {
                    row.Add(byteTokens[value]);
                }
            }
            else
            {
                AddUnknownToken(ref row);
            }
        }

        Finish(ref row);
        return row.Take().ToArray();
    }

    /// <summary>Symbols of characters that are known.</summary>
    public int this[int scalar] => characters[scalar];

    private void AddUnknownToken(ref SymbolRow row)
    {
        if (unknownId < 0)
        {
            return;
        }

        if (!options.FuseUnknown)
        {
            Finish(ref row);
        }

        row.UnknownPending = true;
    }
}
