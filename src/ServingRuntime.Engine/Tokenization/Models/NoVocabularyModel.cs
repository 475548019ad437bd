using Octavo.ServingRuntime.Engine.Tokenization.Buffers;

namespace Octavo.ServingRuntime.Engine.Tokenization.Models;

/// <summary>Stands where a server reads no tokenizer (<c>--skip-tokenizer-init</c>): it knows how many ids there are and no text of any.</summary>
internal sealed class NoVocabularyModel(int vocabularySize) : TokenizerModel
{
    public override int VocabularySize => vocabularySize;

    public override IEnumerable<KeyValuePair<string, int>> Vocabulary => [];

    public override void Tokenize(ReadOnlySpan<char> piece, EncodingScratch scratch) => throw new InvalidOperationException("there is no tokenizer: InputProcessor.RequireTokenizer refuses texts before they come here");

    public override int? TokenToId(string token) => null;

    public override string? IdToToken(int id) => null;
}
