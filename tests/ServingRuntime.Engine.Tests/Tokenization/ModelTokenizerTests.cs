using System.Text.Json;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.ServingRuntime.Engine.Tokenization.Jinja;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Tokenization;

public sealed class ModelTokenizerTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("octavo-tokenizer-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void Load_TinyModel_KnowsStopTokensTemplateAndDefaults()
    {
        var model = ModelTokenizer.Load(Repository.TinyModel, new TemplateLimits(), TimeProvider.System);

        model.EosTokenIds.Should().Equal(2);
        model.ChatTemplate.Should().NotBeNull();
        model.Defaults.Temperature.Should().Be(0);
        model.Tokenizer.VocabSize.Should().Be(4096);
    }

    [Fact]
    public void Load_SeveralSources_UnitesStopTokensAndPrefersTheTemplateFile()
    {
        Copy("tokenizer.json");
        Write("config.json", """{"eos_token_id": 2}""");
        Write("generation_config.json", """{"eos_token_id": [5, 2], "temperature": 0.6, "top_k": 20, "do_sample": true, "max_new_tokens": 12}""");
        Write("tokenizer_config.json", """{"eos_token": {"content": "<|im_start|>"}, "chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]}""");

        var fromList = ModelTokenizer.Load(folder.FullName, new TemplateLimits(), TimeProvider.System);
        Write("chat_template.jinja", "{{ eos_token }}!");
        var fromFile = ModelTokenizer.Load(folder.FullName, new TemplateLimits(), TimeProvider.System);

        fromList.EosTokenIds.Should().Equal(1, 2, 5);
        fromList.Defaults.Should().Be(new GenerationDefaults { Temperature = 0.6f, TopK = 20, MaxNewTokens = 12 });
        using var messages = JsonDocument.Parse("[]");
        fromList.ChatTemplate!.Render(messages.RootElement, null, true, null).Should().Be("d");
        fromFile.ChatTemplate!.Render(messages.RootElement, null, true, null).Should().Be("<|im_start|>!");
        fromList.ToolUseTemplate!.Render(messages.RootElement, null, true, null).Should().Be("t");
        fromFile.ToolUseTemplate.Should().BeNull("a file takes the place of the whole list");
    }

    [Fact]
    public void Load_AdditionalTemplateFile_IsTheOneForTools()
    {
        Copy("tokenizer.json");
        Write("chat_template.jinja", "plain");
        Directory.CreateDirectory(Path.Combine(folder.FullName, "additional_chat_templates"));
        Write(Path.Combine("additional_chat_templates", "tool_use.jinja"), "with tools");

        var model = ModelTokenizer.Load(folder.FullName, new TemplateLimits(), TimeProvider.System);

        model.ToolUseTemplate!.Source.Should().Be("with tools");
        model.ChatTemplate!.Source.Should().Be("plain");
    }

    [Theory]
    [InlineData("""{"model": {"type": "CharLevel", "vocab": {}}}""", "'CharLevel'")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}, "normalizer": {"type": "Shout"}}""", "'Shout'")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}, "pre_tokenizer": {"type": "UnicodeScripts"}}""", "'UnicodeScripts'")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}, "decoder": {"type": "Rot13"}}""", "'Rot13'")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}, "post_processor": {"type": "XlnetProcessing"}}""", "'XlnetProcessing'")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}}""", "merge 0")]
    [InlineData("""{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "dropout": 0.1}}""", "dropout")]
    [InlineData("{", "malformed")]
    public void Load_WhatIsNotBuilt_IsRefusedByName(string json, string what)
    {
        Write("tokenizer.json", json);

        FluentActions.Invoking(() => ModelTokenizer.Load(folder.FullName, new TemplateLimits(), TimeProvider.System))
            .Should().Throw<TokenizerFormatException>().WithMessage($"*{what}*");
    }

    private void Copy(string name) => File.Copy(Path.Combine(Repository.TinyModel, name), Path.Combine(folder.FullName, name));

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(folder.FullName, name), text);
}
