using System.Runtime.InteropServices;
using System.Text.Json;
using Octavo.ServingRuntime.Tests.Hosting;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Embeddings;

/// <summary>The real engine on the tiny model, so that what is compared is what is computed.</summary>
public sealed class EmbeddingsEndpointTests : IAsyncLifetime
{
    private TestApplication server = null!;

    public async Task InitializeAsync()
    {
        server = await TestApplication.StartLoadingAsync(Engine.Core.EngineCoreFactory.Create);
        await Eventually.HoldsAsync(() => server.Host.Loaded is not null, "the model is loaded");
    }

    public async Task DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task Post_String_GivesOneVectorOfLengthOneAndTheUsage()
    {
        var answer = await server.PostForJsonAsync("/v1/embeddings", """{"model": "octavo-tiny", "input": "Hello world"}""");

        answer.GetProperty("object").GetString().Should().Be("list");
        var item = answer.GetProperty("data").EnumerateArray().Single();
        item.GetProperty("object").GetString().Should().Be("embedding");
        item.GetProperty("index").GetInt32().Should().Be(0);
        Vector(item).Sum(x => x * x).Should().BeApproximately(1f, 1e-5f);
        var tokens = TestApplication.Tokenizer.Encode("Hello world", addSpecialTokens: true).Count;
        answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32().Should().Be(tokens);
        answer.GetProperty("usage").GetProperty("total_tokens").GetInt32().Should().Be(tokens);
    }

    [Fact]
    public async Task Post_TextsOrTheirTokensOrBase64_GiveTheSameVectorsInOrder()
    {
        string[] texts = ["one", "two words", "three little words"];
        var tokens = texts.Select(t => TestApplication.Tokenizer.Encode(t, addSpecialTokens: true)).ToList();

        var byText = await VectorsAsync(JsonSerializer.Serialize(new { input = texts }));
        var byTokens = await VectorsAsync(JsonSerializer.Serialize(new { input = tokens }));
        var encoded = await server.PostForJsonAsync("/v1/embeddings", JsonSerializer.Serialize(new { input = texts, encoding_format = "base64" }));

        byText.Should().HaveCount(3);
        byText[0].Should().NotEqual(byText[1]);
        byTokens.Should().BeEquivalentTo(byText, o => o.WithStrictOrdering());
        encoded.GetProperty("data").EnumerateArray().Select(item => MemoryMarshal.Cast<byte, float>(item.GetProperty("embedding").GetBytesFromBase64()).ToArray())
            .Should().BeEquivalentTo(byText, o => o.WithStrictOrdering());
        (await VectorsAsync(JsonSerializer.Serialize(new { input = tokens[1] }))).Single().Should().Equal(byText[1], "one list of token ids is one input");
    }

    [Fact]
    public async Task Post_Dimensions_CutsAndScales()
    {
        var whole = (await VectorsAsync("""{"input": "Hello"}""")).Single();
        var cut = (await VectorsAsync("""{"input": "Hello", "dimensions": 8}""")).Single();

        cut.Should().HaveCount(8);
        cut.Sum(x => x * x).Should().BeApproximately(1f, 1e-5f);
        (cut[0] / cut[1]).Should().BeApproximately(whole[0] / whole[1], 1e-3f);
    }

    [Fact]
    public async Task Post_MoreInputsThanTheQueueHolds_AnswersAll()
    {
        await using var small = await TestApplication.StartLoadingAsync(Engine.Core.EngineCoreFactory.Create, o => o with { MaxQueuedRequests = 4 });
        await Eventually.HoldsAsync(() => small.Host.Loaded is not null, "the model is loaded");

        var answer = await small.PostForJsonAsync("/v1/embeddings", JsonSerializer.Serialize(new { input = Enumerable.Range(0, 300).Select(i => $"text {i}") }));

        answer.GetProperty("data").EnumerateArray().Select(d => d.GetProperty("index").GetInt32()).Should().Equal(Enumerable.Range(0, 300));
    }

    [Theory]
    [InlineData("""{}""", "input", "missing")]
    [InlineData("""{"input": ""}""", "input", "empty")]
    [InlineData("""{"input": []}""", "input", "empty")]
    [InlineData("""{"input": ["a", 1]}""", "input", "must be")]
    [InlineData("""{"input": [99999]}""", "input", "99999")]
    [InlineData("""{"input": "x", "encoding_format": "int8"}""", "encoding_format", "float or base64")]
    [InlineData("""{"input": "x", "dimensions": 0}""", "dimensions", "from 1 to")]
    [InlineData("""{"input": "x", "dimensions": 100000}""", "dimensions", "from 1 to")]
    [InlineData("""{"input": "x", "truncate_prompt_tokens": 5}""", "truncate_prompt_tokens", "not supported")]
    public async Task Post_Wrong_NamesTheField(string json, string field, string reason)
    {
        var error = (await server.PostForJsonAsync("/v1/embeddings", json, 400)).GetProperty("error");

        error.GetProperty("param").GetString().Should().Be(field);
        error.GetProperty("message").GetString().Should().Contain(reason);
    }

    [Fact]
    public async Task Post_OtherModel_Is404()
        => (await server.PostForJsonAsync("/v1/embeddings", """{"model": "other", "input": "x"}""", 404)).GetProperty("error").GetProperty("code").GetString().Should().Be("model_not_found");

    private async Task<List<float[]>> VectorsAsync(string json)
        => [.. (await server.PostForJsonAsync("/v1/embeddings", json)).GetProperty("data").EnumerateArray().Select(Vector)];

    private static float[] Vector(JsonElement item) => [.. item.GetProperty("embedding").EnumerateArray().Select(e => e.GetSingle())];
}
