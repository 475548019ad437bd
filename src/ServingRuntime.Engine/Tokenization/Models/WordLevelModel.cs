using Octavo.ServingRuntime.Engine.Tokenization.Buffers;

namespace Octavo.ServingRuntime.Engine.Tokenization.Models;

/// <summary>A piece is a token, or the unknown one.</summary>
internal sealed class WordLevelModel(TokenizerVocabulary vocabulary, string unknownToken) : TokenizerModel
{
    private readonly int unknownId = vocabulary.Find(unknownToken) ?? throw new TokenizerFormatException($"tokenizer.json: the unknown token '{unknownToken}' is not in the vocabulary");

    public override int VocabularySize => vocabulary.Count;

    public override IEnumerable<KeyValuePair<string, int>> Vocabulary => vocabulary.Ids;

    public override void Tokenize(ReadOnlySpan<char> piece, EncodingScratch scratch) => scratch.Ids.Add(vocabulary.TryFind(piece, out var id) ? id : unknownId);

    public override int? TokenToId(string token) => vocabulary.Find(token);

    public override string? IdToToken(int id) => vocabulary.Token(id);
}
