using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Engine.Speculation;

namespace Octavo.ServingRuntime.Tests.Configuration;

public sealed class SpeculativeConfigTests
{
    [Fact]
    public void Parse_Ngram_AsVllmReadsIt()
    {
        SpeculativeConfig.Parse("""{"method":"ngram","num_speculative_tokens":3,"prompt_lookup_max":4}""").Should().Be(
            new SpeculativeOptions { NumSpeculativeTokens = 3, PromptLookupMin = 4, PromptLookupMax = 4 });
        SpeculativeConfig.Parse("{}").Should().Be(new SpeculativeOptions());
    }

    [Fact]
    public void Parse_Model_IsADraftModel() =>
        SpeculativeConfig.Parse("""{"model":"/models/small","disable_by_batch_size":4}""").Should().Be(
            new SpeculativeOptions { Method = SpeculativeMethod.DraftModel, DraftModelPath = "/models/small", MaxRunningRequests = 4 });

    [Theory]
    [InlineData("""{"method":"eagle"}""", "*eagle*")]
    [InlineData("""{"draft_tensor_parallel_size":2}""", "*draft_tensor_parallel_size*")]
    [InlineData("ngram", "*invalid*")]
    [InlineData("null", "*null*")]
    public void Parse_Fault_SaysWhich(string json, string message)
    {
        var parse = () => SpeculativeConfig.Parse(json);
        parse.Should().Throw<FormatException>().WithMessage(message);
    }
}
