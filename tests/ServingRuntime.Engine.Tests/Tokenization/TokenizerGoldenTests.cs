using System.Text.Json;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Tokenization;

public sealed class TokenizerGoldenTests
{
    [SkippableTheory]
    [InlineData("gpt2")]
    [InlineData("llama3")]
    [InlineData("llama2")]
    [InlineData("phi3-mini")]
    [InlineData("chatglm3")]
    [InlineData("small-gemma-style")]
    [InlineData("small-qwen-style")]
    [InlineData("own:deepseek-style")]
    [InlineData("own:glm4-style")]
    [InlineData("own:o200k-style")]
    [InlineData("own:kimi-style")]
    [InlineData("own:bert-style")]
    [InlineData("own:t5-style")]
    public void EncodeAndDecode_GoldenStrings_EqualTheLibrary(string name)
    {
        var (tokenizer, golden) = Load(name);
        using (golden)
        {
            var wrong = new List<string>();
            foreach (var item in golden.RootElement.GetProperty("cases").EnumerateArray())
            {
                var text = item.GetProperty("text").GetString()!;
                var id = item.GetProperty("id").GetString();
                Compare(wrong, $"{id} ids", tokenizer.Encode(text, addSpecialTokens: false), Ids(item, "ids"));
                Compare(wrong, $"{id} ids_with_special", tokenizer.Encode(text, addSpecialTokens: true), Ids(item, "ids_with_special"));
                Compare(wrong, $"{id} decoded", tokenizer.Decode(Ids(item, "ids"), skipSpecialTokens: false), item.GetProperty("decoded").GetString()!);
                Compare(wrong, $"{id} skipping", tokenizer.Decode(Ids(item, "ids_with_special"), skipSpecialTokens: true), item.GetProperty("decoded_skip_special").GetString()!);
            }

            foreach (var item in golden.RootElement.GetProperty("random_id_decodes").EnumerateArray())
            {
                Compare(wrong, "random", tokenizer.Decode(Ids(item, "ids"), skipSpecialTokens: false), item.GetProperty("decoded").GetString()!);
                Compare(wrong, "random skipping", tokenizer.Decode(Ids(item, "ids"), skipSpecialTokens: true), item.GetProperty("decoded_skip_special").GetString()!);
            }

            wrong.Should().BeEmpty();
        }
    }

    [SkippableTheory]
    [InlineData("gpt2")]
    [InlineData("llama3")]
    [InlineData("llama2")]
    [InlineData("phi3-mini")]
    [InlineData("chatglm3")]
    [InlineData("small-gemma-style")]
    [InlineData("small-qwen-style")]
    [InlineData("own:deepseek-style")]
    [InlineData("own:glm4-style")]
    [InlineData("own:o200k-style")]
    [InlineData("own:kimi-style")]
    [InlineData("own:bert-style")]
    [InlineData("own:t5-style")]
    public void Append_GoldenPrefixes_NeverRunsAhead(string name)
    {
        var (tokenizer, golden) = Load(name);
        using (golden)
        {
            foreach (var item in golden.RootElement.GetProperty("prefix_decodes").EnumerateArray())
            {
                var ids = Ids(item, "ids");
                var prefixes = item.GetProperty("prefix_decodes").EnumerateArray().Select(p => p.GetString()!).ToList();
                var detokenizer = new IncrementalDetokenizer(tokenizer, [], skipSpecialTokens: false);
                var text = "";
                for (var i = 0; i < ids.Count; i++)
                {
                    text += detokenizer.Append(ids[i]);
                    prefixes[i].Should().StartWith(text);
                    text.Should().NotEndWith("\uFFFD");
                }

                (text + detokenizer.Flush()).Should().Be(prefixes[^1]);
            }
        }
    }

    private static (Tokenizer Tokenizer, JsonDocument Golden) Load(string name)
    {
        // Those of our own were trained with the library on free texts, with the pipelines of well-known models.
        if (name.StartsWith("own:", StringComparison.Ordinal))
        {
            var path = Path.Combine(Repository.Root, "tests", "ServingRuntime.Engine.Tests", "Fixtures", "tokenizers", name[4..]);
            using var file = GoldenData.OpenGzip(path + ".tokenizer.json.gz");
            return (TokenizerJsonReader.Read(file), GoldenData.ReadGzip(path + ".encodings.json.gz"));
        }

        var folder = GoldenData.Folder("tokenizers", name);
        using var stream = GoldenData.OpenGzip(Path.Combine(folder, "tokenizer.json.gz"));
        return (TokenizerJsonReader.Read(stream), GoldenData.ReadGzip(Path.Combine(folder, "encodings.json.gz")));
    }

    private static List<int> Ids(JsonElement item, string name) => [.. item.GetProperty(name).EnumerateArray().Select(i => i.GetInt32())];

    private static void Compare(List<string> wrong, string what, List<int> actual, List<int> expected)
    {
        if (!actual.SequenceEqual(expected))
        {
            wrong.Add($"{what}: [{string.Join(',', actual.Take(20))}] instead of [{string.Join(',', expected.Take(20))}]");
        }
    }

    private static void Compare(List<string> wrong, string what, string actual, string expected)
    {
        if (!string.Equals(actual, expected, StringComparison.Ordinal))
        {
            wrong.Add($"{what}: '{actual}' instead of '{expected}'");
        }
    }
}
