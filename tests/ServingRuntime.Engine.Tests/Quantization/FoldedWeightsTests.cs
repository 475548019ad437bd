namespace Octavo.ServingRuntime.Engine.Tests.Quantization;

/// <summary>Scales folded into every architecture's weights, without rounding: the same model.</summary>
public sealed class FoldedWeightsTests : IDisposable
{
    private readonly QuantizeWorkplace place = new();

    public static TheoryData<string> Checkpoints => [.. QuantizeWorkplace.Checkpoints];

    public void Dispose() => place.Dispose();

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Fold_EveryGroupOfEveryArchitecture_PredictsTheSame(string checkpoint)
    {
        var random = new Random(11);
        var scales = Enumerable.Range(0, 4096).Select(_ => MathF.Pow(2, (random.NextSingle() * 6) - 3)).ToArray();

        var folded = place.Fold(QuantizeWorkplace.Fixture(checkpoint), "folded", (group, channel) => scales[((group * 389) + channel) % scales.Length]);

        var prompts = QuantizeWorkplace.Prompts(checkpoint).Where(prompt => prompt.Length <= 64).ToList();
        var expected = QuantizeWorkplace.Predict(QuantizeWorkplace.Fixture(checkpoint), prompts);
        var actual = QuantizeWorkplace.Predict(folded, prompts);
        for (var i = 0; i < prompts.Count; i++)
        {
            expected[i].Zip(actual[i], (a, b) => Math.Abs(a - b)).Max().Should().BeLessThan(2e-4f, "prompt {0}", i);
        }
    }
}
