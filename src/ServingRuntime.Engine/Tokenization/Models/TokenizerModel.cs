using Octavo.ServingRuntime.Engine.Tokenization.Buffers;

namespace Octavo.ServingRuntime.Engine.Tokenization.Models;

/// <summary>Turns a piece into token ids; the <c>model</c> of a tokenizer.json. Safe to use from several threads.</summary>
internal abstract class TokenizerModel
{
    /// <summary>Tokens of the vocabulary.</summary>
    public abstract int VocabularySize { get; }

    public abstract IEnumerable<KeyValuePair<string, int>> Vocabulary { get; }

    /// <summary>Appends the tokens of a piece to the scratch space's ids.</summary>
    /// <param name="piece">Not empty, without lone surrogates; part of a <see cref="TextBuffer"/>, whose slack is behind it.</param>
    /// <param name="scratch">Of this thread.</param>
    public abstract void Tokenize(ReadOnlySpan<char> piece, EncodingScratch scratch);

    public abstract int? TokenToId(string token);

    public abstract string? IdToToken(int id);
}
