using FsCheck;
using FsCheck.Fluent;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

/// <summary>
/// Random arrivals, cancellations, tiny caches and chunks: every request gets, bit for bit, what it gets alone without a cache; and every block is
/// accounted for after every step (<see cref="EngineHarness.Step"/> checks).
/// </summary>
public sealed class ExactnessTests : IDisposable
{
    private const int Vocabulary = 4096;
    private readonly EngineHarness alone = new(EngineHarness.Defaults with { EnablePrefixCaching = false });
    private readonly Dictionary<string, GeneratedTokens> expected = new(StringComparer.Ordinal);

    private long preemptions;
    private long cacheHits;

    [Fact]
    public void Step_RandomTraffic_TokensAndLogprobsAsAlone()
    {
        var scenarios =
            from seed in Gen.Choose(0, int.MaxValue - 1)
            from blocks in Gen.Choose(9, 40)
            from chunk in Gen.Elements(1, 3, 16, 17, 50, 200)
            from sequences in Gen.Choose(1, 8)
            from caching in Gen.Elements(true, true, false)
            from blockSize in Gen.Elements(16, 16, 32)
            from threads in Gen.Choose(1, 2)
            select new Scenario(seed, blocks, Math.Max(chunk, 1), sequences, caching, blockSize, threads);
        Prop.ForAll(Arb.From(scenarios), Check).Check(Config.QuickThrowOnFailure.WithMaxTest(25).WithReplay(20251122, 7));
        preemptions.Should().BePositive("the scenarios are meant to be tight");
        cacheHits.Should().BePositive("and to share");
    }

    public void Dispose() => alone.Dispose();

    private void Check(Scenario scenario)
    {
        var random = new System.Random(scenario.Seed);
        using var engine = new EngineHarness(EngineHarness.Defaults with
        {
            NumBlocksOverride = scenario.Blocks, BlockSize = scenario.BlockSize, MaxModelLen = 8 * scenario.BlockSize, MaxNumBatchedTokens = scenario.Chunk,
            MaxNumSeqs = scenario.Sequences, EnablePrefixCaching = scenario.Caching, CpuThreads = scenario.Threads, AdmissionWatermark = 0,
        });
        var requests = Enumerable.Range(0, random.Next(2, 10)).Select(i => NewRequest(random, i)).ToList();
        var cancelled = new HashSet<string>(StringComparer.Ordinal);
        var arrived = 0;
        while (arrived < requests.Count || engine.Core.HasUnfinishedRequests)
        {
            while (arrived < requests.Count && (!engine.Core.HasUnfinishedRequests || random.Next(4) == 0))
            {
                var request = requests[arrived++];
                engine.Add(request.Id, request.Prompt, request.Parameters, random.Next(3), request.Salt);
            }

            if (random.Next(40) == 0)
            {
                var victim = requests[random.Next(arrived)].Id;
                engine.Core.AbortRequest(victim);
                cancelled.Add(victim);
                engine.Core.CheckIntegrity();
            }

            engine.Step();
            engine.Core.Stats.StepTokens.Should().BeLessThanOrEqualTo(scenario.Chunk);
            engine.Core.Stats.NumRunning.Should().BeLessThanOrEqualTo(scenario.Sequences);
        }

        engine.Core.Stats.KVCacheUsage.Should().Be(0);
        preemptions += engine.Core.Stats.NumPreemptions;
        cacheHits += engine.Core.Stats.PrefixCacheHits;
        foreach (var request in requests)
        {
            var wanted = Alone(request);
            var got = engine.Results[request.Id];
            if (!cancelled.Contains(request.Id))
            {
                got.FinishReason.Should().Be(wanted.FinishReason, $"{request.Id} of {scenario}");
                got.Tokens.Should().Equal(wanted.Tokens, $"{request.Id} of {scenario}");
            }

            got.Exact.Should().Equal(wanted.Exact.Take(got.Tokens.Count), $"{request.Id} of {scenario}");
        }
    }

    private static TestRequest NewRequest(System.Random random, int index)
    {
        // A few openings shared by many, so that the cache has something to find.
        var opening = new System.Random(random.Next(3));
        var prompt = Enumerable.Range(0, random.Next(0, 60)).Select(_ => opening.Next(Vocabulary))
            .Concat(Enumerable.Range(0, random.Next(1, 20)).Select(_ => random.Next(Vocabulary))).ToArray();
        var parameters = EngineHarness.Greedy(random.Next(1, 40), logprobs: 2);
        if (random.Next(2) == 0)
        {
            parameters = parameters with
            {
                Temperature = 0.9f, TopK = random.Next(0, 30), TopP = 0.95f, MinP = 0.01f, Seed = random.Next(),
                RepetitionPenalty = 1.1f, FrequencyPenalty = 0.2f, MinTokens = random.Next(3), IgnoreEos = false,
            };
        }

        return new TestRequest($"request {index}", prompt, parameters, random.Next(4) == 0 ? "tenant" : null);
    }

    private GeneratedTokens Alone(TestRequest request)
    {
        // Model lengths differ between scenarios, but no request here reaches one.
        var key = $"{string.Join(' ', request.Prompt)}|{request.Parameters}";
        if (!expected.TryGetValue(key, out var result))
        {
            expected[key] = result = alone.Run(request.Prompt, request.Parameters);
        }

        return result;
    }

    private sealed record Scenario(int Seed, int Blocks, int Chunk, int Sequences, bool Caching, int BlockSize, int Threads);

    private sealed record TestRequest(string Id, int[] Prompt, SamplingParams Parameters, string? Salt);
}
