using Octavo.ServingRuntime.Engine.Tests.Golden;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

/// <summary>Dense checkpoints computed in bfloat16 against transformers' float32.</summary>
public sealed class GoldenBFloat16Tests
{
    public static TheoryData<string> Checkpoints => [.. GoldenModel.Names.Where(IsMeasuredAndDense)];

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void PromptLogprobs_BFloat16_AsCloseAsTransformersInBFloat16(string checkpoint)
    {
        var model = GoldenModel.Read(checkpoint);
        using var engine = new EngineHarness(EngineHarness.Defaults with { ModelPath = model.Folder, DType = "bfloat16", MaxNumBatchedTokens = 64, CpuThreads = 2 });
        GoldenComparison.Rounded(engine, model.Prompts, model.Measured["bfloat16"]);
    }

    private static bool IsMeasuredAndDense(string checkpoint) => GoldenModel.Read(checkpoint) is { IsLongrope: false, IsQuantized: false, HasExperts: false } model && model.Measured.ContainsKey("bfloat16");
}
