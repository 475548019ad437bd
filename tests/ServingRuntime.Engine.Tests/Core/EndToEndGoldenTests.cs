using System.Text.Json;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.ServingRuntime.Engine.Tokenization.Jinja;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

/// <summary>A whole checkpoint from messages to text: template, tokenizer, weights, decoding, each step as transformers has it.</summary>
public sealed class EndToEndGoldenTests
{
    private const string Checkpoint = "e2e_qwen2_chatml_bf16";
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "ServingRuntime.Engine.Tests", "Fixtures", "golden", Checkpoint);

    [Fact]
    public void ChatAndCompletion_FromWordsToWords_EqualTransformers()
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "golden.json")));
        var model = ModelTokenizer.Load(Folder, new TemplateLimits(), TimeProvider.System);
        using var engine = new EngineHarness(EngineHarness.Defaults with { ModelPath = Folder, DType = "float32" });
        var input = new InputProcessor(model, engine.Core.MaxModelLen, engine.Core.VocabSize);
        foreach (var chat in golden.RootElement.GetProperty("chat").EnumerateArray())
        {
            var rendered = model.ChatTemplate!.Render(chat.GetProperty("messages"), null, addGenerationPrompt: true, variables: null);
            rendered.Should().Be(chat.GetProperty("rendered").GetString());
            input.EncodeChat(rendered).Should().Equal(Ints(chat, "prompt_ids"));
            Check(engine, model.Tokenizer, chat);
        }

        foreach (var completion in golden.RootElement.GetProperty("completion").EnumerateArray())
        {
            input.EncodeText(completion.GetProperty("text").GetString()!, addSpecialTokens: true).Should().Equal(Ints(completion, "prompt_ids"));
            Check(engine, model.Tokenizer, completion);
        }
    }

    private static void Check(EngineHarness engine, Tokenizer tokenizer, JsonElement example)
    {
        var prompt = Ints(example, "prompt_ids");
        var expected = Ints(example, "greedy_ids_ignoring_eos");
        var result = engine.Run(prompt, EngineHarness.Greedy(expected.Length));
        result.Tokens.Should().Equal(expected);
        tokenizer.Decode(result.Tokens, skipSpecialTokens: false).Should().Be(example.GetProperty("text_ignoring_eos").GetString());

        // Piece by piece it is the same text.
        var detokenizer = new IncrementalDetokenizer(tokenizer, prompt, skipSpecialTokens: false);
        (string.Concat(result.Tokens.Select(detokenizer.Append)) + detokenizer.Flush()).Should().Be(example.GetProperty("text_ignoring_eos").GetString());
        var stopped = engine.Run(prompt, EngineHarness.Greedy(expected.Length) with { StopTokenIds = [example.GetProperty("extra_stop_token").GetInt32()] });
        stopped.Tokens.Should().Equal(Ints(example, "ids_with_extra_stop_token"));
    }

    private static int[] Ints(JsonElement owner, string name) => [.. owner.GetProperty(name).EnumerateArray().Select(value => value.GetInt32())];
}
