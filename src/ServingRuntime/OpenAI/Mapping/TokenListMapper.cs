using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.OpenAI.Mapping;

/// <summary>Fields that name tokens which may or may not come.</summary>
internal static class TokenListMapper
{
    private const int MaxBadWords = 128;
    private const int MaxBadWordLength = 256;

    /// <summary>Null: all tokens.</summary>
    public static IReadOnlyList<int>? TakeAllowed(RequestFields fields, int vocabSize)
    {
        if (!fields.TryTake("allowed_token_ids", out _))
        {
            return null;
        }

        var ids = fields.Integers("allowed_token_ids", vocabSize);
        return ids.Count == 0 ? throw fields.Fault("allowed_token_ids", "may not be empty")
            : ids.All(id => id >= 0 && id < vocabSize) ? ids
            : throw fields.Fault("allowed_token_ids", $"names an id that is none of the {vocabSize} tokens");
    }

    /// <summary>
    /// The tokens of each word as it begins a text, and as it follows a space, as vLLM reads the field (<c>SamplingParams.update_from_tokenizer</c>); but where
    /// vLLM forgets the second form if it has another number of tokens, here it counts.
    /// </summary>
    public static IReadOnlyList<IReadOnlyList<int>> TakeBadWords(RequestFields fields, InputProcessor input)
    {
        var sequences = new List<IReadOnlyList<int>>();
        foreach (var word in fields.Strings("bad_words", MaxBadWords, MaxBadWordLength))
        {
            input.RequireTokenizer("bad_words");
            var bare = input.EncodeText(word.TrimStart(), addSpecialTokens: false);
            var spaced = input.EncodeText(" " + word.TrimStart(), addSpecialTokens: false);
            if (bare.Count > 0)
            {
                sequences.Add(bare);
            }

            if (spaced.Count > 0 && (bare.Count == 0 || !spaced.TakeLast(bare.Count).SequenceEqual(bare)))
            {
                sequences.Add(spaced);
            }
        }

        return sequences;
    }
}
