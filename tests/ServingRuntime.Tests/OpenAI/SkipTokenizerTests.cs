using System.Text.Json;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Fetch.Checkpoints;
using Octavo.ServingRuntime.Tests.Hosting;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.OpenAI;

/// <summary>The real engine on a checkpoint without a tokenizer, over HTTP: token ids in, token ids out.</summary>
public sealed class SkipTokenizerTests : IAsyncLifetime
{
    private const string Completions = "/v1/completions";
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("octavo-no-tokenizer-");
    private TestApplication server = null!;

    public async Task InitializeAsync()
    {
        foreach (var file in (string[])["config.json", "generation_config.json", "model.safetensors"])
        {
            File.Copy(Path.Combine(Repository.TinyModel, file), Path.Combine(folder.FullName, file));
        }

        server = await TestApplication.StartLoadingAsync(
            Engine.Core.EngineCoreFactory.Create, o => o with { Model = folder.FullName, SkipTokenizerInit = true, WarmUp = true }, new EngineOptions { Device = "cpu", ModelPath = folder.FullName, NumBlocksOverride = 256 });
        await Eventually.HoldsAsync(() => server.Host.Loaded is not null || server.Host.Failure is not null, "the model is loaded");
        server.Host.Failure.Should().BeNull();
    }

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Post_TokenIds_GivesTheIdsThatTheTokenizersServerGives()
    {
        const string Body = """{"prompt": [[5, 6, 7, 8], [9, 10]], "max_tokens": 8, "temperature": 0, "ignore_eos": true, "return_token_ids": true}""";
        await using var usual = await TestApplication.StartLoadingAsync(Engine.Core.EngineCoreFactory.Create);
        await Eventually.HoldsAsync(() => usual.Host.Loaded is not null, "the model is loaded");

        var ours = await server.PostForJsonAsync(Completions, Body);
        var theirs = await usual.PostForJsonAsync(Completions, Body);

        Ids(ours).Should().Equal(Ids(theirs));
        foreach (var choice in ours.GetProperty("choices").EnumerateArray())
        {
            choice.GetProperty("text").GetString().Should().BeEmpty();
            choice.GetProperty("token_ids").GetArrayLength().Should().Be(8);
            choice.GetProperty("finish_reason").GetString().Should().Be("length");
        }

        ours.GetProperty("choices")[1].GetProperty("prompt_token_ids").EnumerateArray().Select(t => t.GetInt32()).Should().Equal(9, 10);
        ours.GetProperty("usage").GetProperty("completion_tokens").GetInt32().Should().Be(16);
    }

    [Fact]
    public async Task Post_Stream_CarriesTheIds()
    {
        const string Body = """{"prompt": [5, 6, 7, 8], "max_tokens": 8, "temperature": 0, "ignore_eos": true, "return_token_ids": true""";

        var whole = await server.PostForJsonAsync(Completions, Body + "}");
        var events = await server.PostForEventsAsync(Completions, Body + ", \"stream\": true}");

        events[^1].Should().Be("[DONE]");
        var choices = events.SkipLast(1).Select(e => JsonSerializer.Deserialize<JsonElement>(e).GetProperty("choices")[0]).ToList();
        choices.Should().OnlyContain(c => c.GetProperty("text").GetString() == "");
        choices.SelectMany(c => c.GetProperty("token_ids").EnumerateArray().Select(t => t.GetInt32())).Should().Equal(Ids(whole));
        choices[0].GetProperty("prompt_token_ids").EnumerateArray().Select(t => t.GetInt32()).Should().Equal(5, 6, 7, 8);
    }

    [Fact]
    public async Task Post_StopTokenIds_EndTheAnswer()
    {
        var whole = Ids(await server.PostForJsonAsync(Completions, """{"prompt": [5, 6, 7, 8], "max_tokens": 8, "temperature": 0, "ignore_eos": true, "return_token_ids": true}"""));

        var stopped = await server.PostForJsonAsync(
            Completions, $$"""{"prompt": [5, 6, 7, 8], "max_tokens": 8, "temperature": 0, "ignore_eos": true, "return_token_ids": true, "stop_token_ids": [{{whole[3]}}]}""");

        stopped.GetProperty("choices")[0].GetProperty("finish_reason").GetString().Should().Be("stop");
        Ids(stopped).Should().Equal(whole.Take(whole.IndexOf(whole[3]) + 1));
    }

    [Fact]
    public async Task Post_LogprobsByIds_AreNamedByIds()
    {
        var answer = await server.PostForJsonAsync(Completions, """{"prompt": [5, 6], "max_tokens": 2, "temperature": 0, "logprobs": 3, "return_tokens_as_token_ids": true, "return_token_ids": true}""");

        var logprobs = answer.GetProperty("choices")[0].GetProperty("logprobs");
        logprobs.GetProperty("tokens").EnumerateArray().Select(t => t.GetString()).Should().Equal(Ids(answer).Select(id => $"token_id:{id}"));
        logprobs.GetProperty("top_logprobs")[0].EnumerateObject().Should().OnlyContain(p => p.Name.StartsWith("token_id:"));
        logprobs.GetProperty("token_logprobs").EnumerateArray().Should().OnlyContain(p => p.GetDouble() <= 0);
    }

    [Fact]
    public async Task Post_EmbeddingOfIds_IsAVector()
    {
        var answer = await server.PostForJsonAsync("/v1/embeddings", """{"input": [5, 6, 7]}""");

        answer.GetProperty("data")[0].GetProperty("embedding").GetArrayLength().Should().BeGreaterThan(8);
    }

    [Theory]
    [InlineData(Completions, """{"prompt": "Hello"}""", "prompt")]
    [InlineData(Completions, """{"prompt": ["Hello"]}""", "prompt")]
    [InlineData(Completions, """{"prompt": [5], "stop": ["x"]}""", "stop")]
    [InlineData(Completions, """{"prompt": [5], "bad_words": ["x"]}""", "bad_words")]
    [InlineData(Completions, """{"prompt": [5], "echo": true}""", "echo")]
    [InlineData(Completions, """{"prompt": [5], "logprobs": 1}""", "logprobs")]
    [InlineData(Completions, """{"prompt": [5], "prompt_logprobs": 1}""", "prompt_logprobs")]
    [InlineData(Completions, """{"prompt": [5], "response_format": {"type": "json_object"}}""", "response_format")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "Hi"}]}""", "messages")]
    [InlineData("/v1/responses", """{"input": "Hi"}""", null)]
    [InlineData("/v1/embeddings", """{"input": "Hi"}""", "prompt")]
    [InlineData("/tokenize", """{"prompt": "Hi"}""", "prompt")]
    [InlineData("/detokenize", """{"tokens": [5]}""", "tokens")]
    public async Task Post_WhatNeedsATokenizer_IsRefusedByTheFlagsName(string path, string body, string? parameter)
    {
        var answer = await server.PostForJsonAsync(path, body, status: 400);

        var error = answer.GetProperty("error");
        error.GetProperty("message").GetString().Should().Contain("--skip-tokenizer-init");
        if (parameter is not null)
        {
            error.GetProperty("param").GetString().Should().Be(parameter);
        }
    }

    [Fact]
    public async Task Load_NoTokenizerAndNoFlag_FailsAndNamesTheFlag()
    {
        await using var failing = await TestApplication.StartLoadingAsync(
            Engine.Core.EngineCoreFactory.Create, o => o with { Model = folder.FullName }, new EngineOptions { Device = "cpu", ModelPath = folder.FullName, NumBlocksOverride = 256 });

        await Eventually.HoldsAsync(() => failing.Host.Failure is not null, "loading has failed");

        failing.Host.Failure!.Message.Should().Contain("tokenizer.json").And.Contain("--skip-tokenizer-init");
    }

    [Fact]
    public void Check_NoTokenizer_IsAModelWithTheFlagOnly()
    {
        ModelFolderCheck.Check(folder.FullName, skipTokenizer: true).Code.Should().Be(FetchExitCode.Success);
        var without = ModelFolderCheck.Check(folder.FullName);
        without.Code.Should().Be(FetchExitCode.InvalidModel);
        without.Message.Should().Contain("tokenizer.json").And.Contain("--skip-tokenizer-init");
    }

    [Fact]
    public void Validate_FlagWithATemplate_IsAnError()
        => ServingOptionsValidator.Validate(new ServingOptions { Model = folder.FullName, SkipTokenizerInit = true, ToolCallParser = "hermes" }, new EngineOptions { Device = "cpu", ModelPath = folder.FullName }).Should().Contain(e => e.Contains("--skip-tokenizer-init"));

    private static List<int> Ids(JsonElement answer)
        => [.. answer.GetProperty("choices").EnumerateArray().SelectMany(c => c.GetProperty("token_ids").EnumerateArray().Select(t => t.GetInt32()))];
}
