using Octavo.ServingRuntime.Engine.Sampling;

namespace Octavo.ServingRuntime.Engine.Tests.Sampling;

public sealed class TokenPickerTests
{
    [Fact]
    public void Pick_RandomLogitsAndParameters_OnlyTokensThatSortingWouldKeep()
    {
        var random = new Random(3);
        for (var round = 0; round < 200; round++)
        {
            var size = random.Next(1, 200);

            // Few distinct values, so that ties at the cut are common.
            var logits = Enumerable.Range(0, size).Select(_ => random.Next(8) / 2f).ToArray();
            var parameters = new SamplingParams
            {
                Temperature = 0.3f + random.NextSingle(),
                TopK = random.Next(3) == 0 ? 0 : random.Next(1, size + 3),
                TopP = random.Next(3) == 0 ? 1f : 0.05f + (random.NextSingle() * 0.9f),
                MinP = random.Next(3) == 0 ? random.NextSingle() * 0.5f : 0f,
            };
            var kept = KeptBySorting(logits, parameters);
            var picked = new HashSet<int>();
            var picker = new TokenPicker(size);
            for (var draw = 0; draw < 2000; draw++)
            {
                picked.Add(picker.Pick(logits.ToArray(), logits.Max(), parameters, (draw + 0.5) / 2000));
            }

            // Every token that 2,000 evenly spaced draws cannot miss, and none that sorting would not keep.
            picked.Should().BeSubsetOf(kept, $"{parameters} over {size}");
            var weights = kept.Select(id => Math.Exp(logits[id] / parameters.Temperature)).ToList();
            kept.Where((_, i) => weights[i] > weights.Sum() / 1000).Should().BeSubsetOf(picked, $"{parameters} over {size}");
        }
    }

    [Fact]
    public void Pick_ManyDraws_FollowTheDistribution()
    {
        float[] logits = [MathF.Log(0.5f), MathF.Log(0.3f), float.NegativeInfinity, MathF.Log(0.2f)];
        var picker = new TokenPicker(4);
        var counts = new int[4];
        for (var draw = 0; draw < 20_000; draw++)
        {
            counts[picker.Pick(logits.ToArray(), logits.Max(), new SamplingParams(), CounterRandom.Uniform(99, draw))]++;
        }

        counts[2].Should().Be(0);
        counts[0].Should().BeCloseTo(10_000, 300);
        counts[1].Should().BeCloseTo(6_000, 300);
    }

    [Fact]
    public void CounterRandom_SeedsAndPositions_Differ()
    {
        var draws = Enumerable.Range(0, 100).SelectMany(seed => Enumerable.Range(0, 100).Select(position => CounterRandom.Bits((ulong)seed, position))).ToList();
        draws.Should().OnlyHaveUniqueItems();
        Enumerable.Range(0, 10_000).Average(position => CounterRandom.Uniform(5, position)).Should().BeApproximately(0.5, 0.02);
    }

    private static List<int> KeptBySorting(float[] logits, SamplingParams parameters)
    {
        var max = logits.Max();
        var weights = logits.Select(logit => Math.Exp((logit - max) / parameters.Temperature)).ToArray();
        var kept = Enumerable.Range(0, logits.Length).Where(id => weights[id] >= parameters.MinP - 1e-7)
            .OrderByDescending(id => weights[id]).ThenBy(id => id).ToList();
        if (parameters.TopK > 0)
        {
            kept = kept.Take(parameters.TopK).ToList();
        }

        var mass = kept.Sum(id => weights[id]) * parameters.TopP;
        var sum = 0.0;
        return parameters.TopP >= 1 ? kept : kept.TakeWhile(id => (sum += weights[id]) - weights[id] < mass - 1e-5).ToList();
    }
}
