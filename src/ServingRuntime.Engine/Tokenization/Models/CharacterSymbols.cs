using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Models;

/// <summary>The tokens that are one character, by that character.</summary>
internal sealed class CharacterSymbols
{
    private readonly int[]?[] pages = new int[]?[0x110000 >> 8];

    public CharacterSymbols(TokenizerVocabulary vocabulary)
    {
        pages[0] = NewPage();
        foreach (var (token, id) in vocabulary.Ids)
        {
            if (token.Length is 1 or 2 && Rune.TryGetRuneAt(token, 0, out var rune) && rune.Utf16SequenceLength == token.Length)
            {
                (pages[rune.Value >> 8] ??= NewPage())[rune.Value & 255] = id;
            }
        }
    }

    /// <summary>The token's id, or -1.</summary>
    public int this[int scalar] => pages[scalar >> 8] is { } page ? page[scalar & 255] : -1;

    private static int[] NewPage()
    {
        var page = new int[256];
        Array.Fill(page, -1);
        return page;
    }
}
