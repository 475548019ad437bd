namespace Octavo.ServingRuntime.Engine.Tokenization.Models;

/// <summary>Turns a piece into token ids; the <c>model</c> of a tokenizer.json. Safe to use from several threads.</summary>
internal abstract class TokenizerModel
{
    public abstract int VocabularySize { get; }

    public abstract IEnumerable<KeyValuePair<string, int>> Vocabulary { get; }

    public abstract void Tokenize(string piece, List<int> output);

    public abstract int? TokenToId(string token);

    public abstract string? IdToToken(int id);
}
