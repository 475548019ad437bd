using Octavo.ServingRuntime.Engine.Tokenization.Models;

namespace Octavo.ServingRuntime.Engine.Tokenization;

/// <summary>
/// The ids of added tokens. As in Hugging Face's library those that the file gives are not believed: a token that the vocabulary has keeps the vocabulary's id, any other
/// gets the next free one in order. In files that the library has written both are the same.
/// </summary>
internal static class AddedTokenIds
{
    public static List<AddedToken> Assign(IEnumerable<AddedToken> tokens, TokenizerModel model)
    {
        var assigned = new List<AddedToken>();
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var token in tokens)
        {
            if (token.Content.Length == 0)
            {
                continue;
            }

            if (!ids.TryGetValue(token.Content, out var id))
            {
                id = model.TokenToId(token.Content) ?? Next(ids.Values, model.VocabularySize);
                ids[token.Content] = id;
            }

            assigned.RemoveAll(other => other.Id == id);
            assigned.Add(token with { Id = id });
        }

        return assigned;
    }

    private static int Next(Dictionary<string, int>.ValueCollection taken, int vocabularySize)
    {
        var largest = taken.DefaultIfEmpty(-1).Max();
        return largest >= vocabularySize || (vocabularySize == 0 && largest >= 0) ? largest + 1 : vocabularySize;
    }
}
