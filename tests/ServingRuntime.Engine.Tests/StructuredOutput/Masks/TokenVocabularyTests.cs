using System.Text.Json;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.StructuredOutput;
using Octavo.ServingRuntime.Engine.Tests.Tokenization;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.StructuredOutput.Masks;

public sealed class TokenVocabularyTests
{
    private const string Schema =
        """
        {"type":"object","properties":{"text":{"type":"string","minLength":5,"maxLength":20},"list":{"type":"array","items":{"type":"integer","minimum":-99,"maximum":99},"maxItems":3}},
         "required":["text","list"],"additionalProperties":false}
        """;

    /// <summary>What the tokens add to a text according to the vocabulary is what a client sees: SentencePiece's spaces, byte tokens, half characters.</summary>
    [SkippableTheory]
    [InlineData("gpt2")]
    [InlineData("llama3")]
    [InlineData("llama2")]
    [InlineData("phi3-mini")]
    [InlineData("chatglm3")]
    [InlineData("small-gemma-style")]
    [InlineData("small-qwen-style")]
    public void BytesOf_TokensOfPublishedTokenizers_AreWhatIsStreamed(string name)
    {
        using var stream = GoldenData.OpenGzip(Path.Combine(GoldenData.Folder("tokenizers", name), "tokenizer.json.gz"));
        var tokenizer = TokenizerJsonReader.Read(stream);
        using var compiler = new GrammarCompiler(tokenizer, tokenizer.VocabSize + 37, new GrammarCompilerOptions(), new FakeTimeProvider());
        var grammar = compiler.Compile(new GrammarSpec.JsonSchema(Schema), CancellationToken.None);
        var prompt = tokenizer.Encode("Some prompt:", addSpecialTokens: false);
        var random = new Random(11);
        var mask = new uint[(tokenizer.VocabSize + 37 + 31) / 32];
        for (var walk = 0; walk < 5; walk++)
        {
            var constraint = grammar.Create([]);
            var detokenizer = new IncrementalDetokenizer(tokenizer, prompt, skipSpecialTokens: true);
            var text = "";
            while (!constraint.IsComplete)
            {
                constraint.TryFillMask(mask).Should().BeTrue();
                var token = PickAllowed(mask, random);
                constraint.Accept(token);
                text += detokenizer.Append(token);
            }

            text += detokenizer.Flush();
            using var value = JsonDocument.Parse(text);
            value.RootElement.GetProperty("text").GetString()!.EnumerateRunes().Count().Should().BeInRange(5, 20);
            value.RootElement.GetProperty("list").GetArrayLength().Should().BeLessThanOrEqualTo(3);
        }
    }

    private static int PickAllowed(uint[] mask, Random random)
    {
        var allowed = new List<int>();
        for (var id = 0; id < mask.Length * 32; id++)
        {
            if ((mask[id >> 5] >> id & 1) != 0)
            {
                allowed.Add(id);
            }
        }

        return allowed[random.Next(allowed.Count)];
    }
}
