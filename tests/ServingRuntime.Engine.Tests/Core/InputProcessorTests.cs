using System.Text.Json;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.ServingRuntime.Engine.Tokenization.Jinja;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

public sealed class InputProcessorTests
{
    private static readonly ModelTokenizer Model = ModelTokenizer.Load(Repository.TinyModel, new TemplateLimits(), TimeProvider.System);

    private readonly InputProcessor processor = new(Model, maxModelLen: 100, vocabSize: 4096);

    [Theory]
    [InlineData(10, null, 90)]
    [InlineData(10, 5, 5)]
    [InlineData(99, 1, 1)]
    public void CheckLengths_WithinTheContext_GivesTokensToGenerate(int prompt, int? asked, int expected)
        => processor.CheckLengths(Tokens(prompt), asked, "max_tokens").Should().Be(expected);

    [Theory]
    [InlineData(100, null, "prompt", "*100*100*")]
    [InlineData(250, 1, "prompt", "*100*250*")]
    [InlineData(60, 41, "max_tokens", "*100*60*41*101*40*")]
    [InlineData(60, int.MaxValue, "max_tokens", "*2147483707*")]
    [InlineData(0, 1, "prompt", "*empty*")]
    public void CheckLengths_TooLong_NamesTheNumbers(int prompt, int? asked, string parameter, string message)
        => processor.Invoking(p => p.CheckLengths(Tokens(prompt), asked, "max_tokens")).Should().Throw<InvalidRequestException>().WithMessage(message)
            .Which.Parameter.Should().Be(parameter);

    [Theory]
    [InlineData(-1)]
    [InlineData(4096)]
    public void CheckLengths_NoSuchToken_IsRefused(int token)
        => processor.Invoking(p => p.CheckLengths([token], 1, "max_tokens")).Should().Throw<InvalidRequestException>().WithMessage($"*{token}*");

    [Fact]
    public void RenderChat_ContinuedMessage_EndsWithItsText()
    {
        using var messages = JsonDocument.Parse("""[{"role": "user", "content": "Q"}, {"role": "assistant", "content": "It is "}]""");

        processor.RenderChat(messages.RootElement, null, addGenerationPrompt: false, continueFinalMessage: true, null).Should().EndWith("<|im_start|>assistant\nIt is");
        processor.Invoking(p => p.RenderChat(messages.RootElement, null, true, true, null)).Should().Throw<InvalidRequestException>();
    }

    [Fact]
    public void RenderChat_NoTemplate_PointsToCompletions()
    {
        using var messages = JsonDocument.Parse("[]");

        new InputProcessor(Model with { ChatTemplate = null }, 100, 4096)
            .Invoking(p => p.RenderChat(messages.RootElement, null, true, false, null)).Should().Throw<InvalidRequestException>().WithMessage("*/v1/completions*");
    }

    [Fact]
    public void RenderChat_TemplateRefuses_IsTheClientsMistake()
    {
        var template = new ChatTemplate("{{ raise_exception('roles must alternate') }}", new Dictionary<string, string>(), new TemplateLimits(), TimeProvider.System);
        using var messages = JsonDocument.Parse("[]");

        new InputProcessor(Model with { ChatTemplate = template }, 100, 4096)
            .Invoking(p => p.RenderChat(messages.RootElement, null, true, false, null)).Should().Throw<InvalidRequestException>().WithMessage("roles must alternate");
    }

    private static int[] Tokens(int count) => [.. Enumerable.Repeat(70, count)];
}
