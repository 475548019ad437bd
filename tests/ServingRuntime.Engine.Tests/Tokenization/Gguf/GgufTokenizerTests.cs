using System.Text.Json;
using Octavo.ServingRuntime.Engine.ModelLoader.Gguf;
using Octavo.ServingRuntime.Engine.Tests.ModelLoader.Gguf;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.ServingRuntime.Engine.Tokenization.Gguf;
using Octavo.ServingRuntime.Engine.Tokenization.Jinja;

namespace Octavo.ServingRuntime.Engine.Tests.Tokenization.Gguf;

/// <summary>Vocabularies written as llama.cpp's converter writes them, against what the tokenizers library makes of the tokenizer.json that they came from.</summary>
public sealed class GgufTokenizerTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("octavo-gguf").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [SkippableTheory]
    [InlineData("gpt2", "gpt-2")]
    [InlineData("llama3", "llama-bpe")]
    [InlineData("small-qwen-style", "qwen2")]
    [InlineData("llama2", null)]
    [InlineData("phi3-mini", null)]
    [InlineData("small-gemma-style", null)]
    public void EncodeAndDecode_GoldenStrings_EqualTheLibrary(string name, string? splitting)
    {
        var source = GoldenData.Folder("tokenizers", name);
        using var json = GoldenData.ReadGzip(Path.Combine(source, "tokenizer.json.gz"));
        using var golden = GoldenData.ReadGzip(Path.Combine(source, "encodings.json.gz"));
        using var file = GgufFile.Open(Vocabulary(json.RootElement, splitting).Text("general.name", name).Write(folder));
        var tokenizer = GgufTokenizerReader.Read(new GgufVocabulary(file.Metadata));
        var wrong = new List<string>();
        var count = 0;
        foreach (var item in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            var text = item.GetProperty("text").GetString()!;
            if (splitting is null && IsMatchedOtherwise(json.RootElement, text))
            {
                continue;
            }

            count++;
            var id = item.GetProperty("id").GetString();
            Compare(wrong, $"{id} ids", string.Join(' ', tokenizer.Encode(text, addSpecialTokens: false)), string.Join(' ', Ids(item, "ids")));
            Compare(wrong, $"{id} with special", string.Join(' ', tokenizer.Encode(text, addSpecialTokens: true)), string.Join(' ', Ids(item, "ids_with_special")));
            Compare(wrong, $"{id} decoded", tokenizer.Decode(Ids(item, "ids"), skipSpecialTokens: false), item.GetProperty("decoded").GetString()!);
        }

        count.Should().BeGreaterThan(45);
        wrong.Should().BeEmpty();
    }

    [Fact]
    public void Read_UnknownSplitting_NamesItAndTheWayOut() =>
        Reading(new GgufBuilder().Text("tokenizer.ggml.model", "gpt2").Text("tokenizer.ggml.pre", "invented").Texts("tokenizer.ggml.tokens", ["a"]))
            .Should().Throw<TokenizerFormatException>().WithMessage("*tokenizer.ggml.pre 'invented' is not supported*llama-bpe*tokenizer.json*");

    [Fact]
    public void Read_UnknownModel_NamesIt() =>
        Reading(new GgufBuilder().Text("tokenizer.ggml.model", "rwkv").Texts("tokenizer.ggml.tokens", ["a"]))
            .Should().Throw<TokenizerFormatException>().WithMessage("*tokenizer.ggml.model 'rwkv' is not supported*");

    [Fact]
    public void Read_NoTokenizer_SaysSo() =>
        Reading(new GgufBuilder().Text("tokenizer.ggml.model", "none")).Should().Throw<TokenizerFormatException>().WithMessage("*holds no tokenizer*");

    [Fact]
    public void Read_IdOutsideOfVocabulary_NamesTheKey() =>
        Reading(new GgufBuilder().Text("tokenizer.ggml.model", "llama").Texts("tokenizer.ggml.tokens", ["a"]).Integer("tokenizer.ggml.bos_token_id", 7))
            .Should().Throw<TokenizerFormatException>().WithMessage("*tokenizer.ggml.bos_token_id is 7, but there are 1 tokens*");

    [Fact]
    public void Read_MergeOfUnknownTokens_IsRefused() =>
        Reading(new GgufBuilder().Text("tokenizer.ggml.model", "gpt2").Text("tokenizer.ggml.pre", "gpt-2").Texts("tokenizer.ggml.tokens", ["a"]).Texts("tokenizer.ggml.merges", ["a b"]))
            .Should().Throw<TokenizerFormatException>().WithMessage("*model.gguf*merge*'a' 'b'*");

    /// <summary>Some converters write the same score for every token: then their order decides, as the model was trained.</summary>
    [Fact]
    public void Encode_ScoresAllEqual_MergesInTheOrderOfIds()
    {
        string[] tokens = ["<unk>", "▁", "a", "b", "c", "bc", "ab", "▁a"];
        Read(new GgufBuilder().Text("tokenizer.ggml.model", "llama").Texts("tokenizer.ggml.tokens", tokens).Numbers("tokenizer.ggml.scores", [.. tokens.Select(_ => -1000f)])
            .Flag("tokenizer.ggml.add_bos_token", false)).Encode("abc", addSpecialTokens: true).Should().Equal(7, 5);
    }

    [Fact]
    public void Load_GgufAlone_HasTemplateStopsAndSampling()
    {
        string[] tokens = ["<unk>", "<s>", "</s>", "▁", "a", "<|im_end|>", "[PAD6]"];
        var path = new GgufBuilder().Text("general.architecture", "llama").Text("tokenizer.ggml.model", "llama").Texts("tokenizer.ggml.tokens", tokens).Integers("tokenizer.ggml.token_type", [2, 3, 3, 1, 1, 4, 5])
            .Integer("tokenizer.ggml.bos_token_id", 1).Integer("tokenizer.ggml.eos_token_id", 2).Text("tokenizer.chat_template", "{{ bos_token }}{{ messages[0].content }}")
            .Number("general.sampling.temp", 0.5f).Integer("general.sampling.top_k", 40).Write(folder);

        foreach (var named in new[] { path, folder })
        {
            var model = ModelTokenizer.Load(named, new TemplateLimits(), TimeProvider.System);

            model.Tokenizer.Encode("a<|im_end|>", addSpecialTokens: true).Should().Equal(1, 3, 4, 5);
            model.Tokenizer.IdToToken(6).Should().BeNull("it only fills the vocabulary");
            model.EosTokenIds.Should().Equal(2, 5);
            model.Defaults.Should().Be(new GenerationDefaults { Temperature = 0.5f, TopK = 40 });
            using var messages = JsonDocument.Parse("""[{"role":"user","content":"hello"}]""");
            model.ChatTemplate!.Render(messages.RootElement, null, addGenerationPrompt: true, null).Should().Be("<s>hello");
        }
    }

    [Fact]
    public void Load_TokenizerJsonBeside_WinsOverTheFile()
    {
        var path = new GgufBuilder().Text("tokenizer.ggml.model", "gpt2").Text("tokenizer.ggml.pre", "invented").Texts("tokenizer.ggml.tokens", ["a", "b"]).Integer("tokenizer.ggml.eos_token_id", 1)
            .Text("tokenizer.chat_template", "x").Write(folder);
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), """{"model":{"type":"BPE","vocab":{"b":0,"a":1},"merges":[]}}""");

        var model = ModelTokenizer.Load(path, new TemplateLimits(), TimeProvider.System);

        model.Tokenizer.Encode("a", addSpecialTokens: false).Should().Equal(1);
        model.EosTokenIds.Should().Contain(1);
        model.ChatTemplate!.Source.Should().Be("x");
    }

    /// <summary>A tokenizer.json as get_vocab_base and _create_vocab_sentencepiece of llama.cpp's converter would write it.</summary>
    private static GgufBuilder Vocabulary(JsonElement json, string? splitting)
    {
        var model = json.GetProperty("model");
        var entries = model.GetProperty("vocab").EnumerateObject().Select(entry => (Id: entry.Value.GetInt32(), Text: entry.Name, Type: IsByte(entry.Name) && splitting is null ? 6 : 1)).ToList();
        var added = json.GetProperty("added_tokens").EnumerateArray().Select(token => (Id: token.GetProperty("id").GetInt32(), Text: token.GetProperty("content").GetString()!, Type: token.GetProperty("special").GetBoolean() ? 3 : 4)).ToList();
        var tokens = new (string Text, int Type)[entries.Concat(added).Max(token => token.Id) + 1];
        for (var id = 0; id < tokens.Length; id++)
        {
            tokens[id] = ($"[PAD{id}]", 5);
        }

        foreach (var (id, text, type) in entries.Concat(added))
        {
            tokens[id] = (text, type);
        }

        var builder = new GgufBuilder().Text("tokenizer.ggml.model", splitting is null ? "llama" : "gpt2").Text("tokenizer.ggml.pre", splitting ?? "default")
            .Texts("tokenizer.ggml.tokens", [.. tokens.Select(token => token.Text)]).Integers("tokenizer.ggml.token_type", [.. tokens.Select(token => token.Type)]);
        builder = splitting is null
            ? builder.Numbers("tokenizer.ggml.scores", Scores(tokens, Merges(model)))
            : builder.Texts("tokenizer.ggml.merges", Merges(model));
        if (splitting is null)
        {
            builder = builder.Flag("tokenizer.ggml.add_space_prefix", json.GetProperty("normalizer").ToString().Contains("Prepend", StringComparison.Ordinal));
        }

        if (model.TryGetProperty("unk_token", out var unknown) && unknown.ValueKind == JsonValueKind.String)
        {
            builder = builder.Integer("tokenizer.ggml.unknown_token_id", (uint)Array.FindIndex(tokens, token => token.Text == unknown.GetString()));
        }

        var bos = FirstSpecial(json.GetProperty("post_processor"));
        builder = builder.Flag("tokenizer.ggml.add_bos_token", bos is not null);
        return bos is null ? builder : builder.Integer("tokenizer.ggml.bos_token_id", (uint)Array.FindIndex(tokens, token => token.Text == bos));
    }

    private static List<string> Merges(JsonElement model) =>
        [.. model.GetProperty("merges").EnumerateArray().Select(merge => merge.ValueKind == JsonValueKind.String ? merge.GetString()! : $"{merge[0].GetString()} {merge[1].GetString()}")];

    /// <summary>SentencePiece's, which are worse the later a token was made.</summary>
    private static float[] Scores((string Text, int Type)[] tokens, List<string> merges)
    {
        var made = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var rank = 0; rank < merges.Count; rank++)
        {
            made.TryAdd(merges[rank].Replace(" ", "", StringComparison.Ordinal), rank);
        }

        return [.. tokens.Select(token => -(float)made.GetValueOrDefault(token.Text, merges.Count))];
    }

    private static string? FirstSpecial(JsonElement processor) => processor.ValueKind != JsonValueKind.Object ? null :
        processor.TryGetProperty("processors", out var parts) ? parts.EnumerateArray().Select(FirstSpecial).FirstOrDefault(name => name is not null)
        : processor.TryGetProperty("single", out var single) && single[0].TryGetProperty("SpecialToken", out var special) ? special.GetProperty("id").GetString()
        : null;

    /// <summary>Texts with special tokens that tokenizer.json matches behind its normalizer, which the format cannot say.</summary>
    private static bool IsMatchedOtherwise(JsonElement json, string text) =>
        json.GetProperty("added_tokens").EnumerateArray().Any(token => token.GetProperty("normalized").GetBoolean() && text.Contains(token.GetProperty("content").GetString()!, StringComparison.Ordinal));

    private static bool IsByte(string token) => token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal);

    private static IEnumerable<int> Ids(JsonElement item, string name) => item.GetProperty(name).EnumerateArray().Select(id => id.GetInt32());

    private static void Compare(List<string> wrong, string what, string actual, string expected)
    {
        if (!string.Equals(actual, expected, StringComparison.Ordinal))
        {
            wrong.Add($"{what}: '{actual}' instead of '{expected}'");
        }
    }

    private Tokenizer Read(GgufBuilder builder)
    {
        using var file = GgufFile.Open(builder.Write(folder));
        return GgufTokenizerReader.Read(new GgufVocabulary(file.Metadata));
    }

    private Action Reading(GgufBuilder builder) => () => Read(builder);
}
