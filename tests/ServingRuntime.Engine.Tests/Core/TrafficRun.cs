using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Tests.KVCache;
using Octavo.ServingRuntime.Engine.Tests.Speculation;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

/// <summary>
/// Plays a scenario, one tick of the clock a step, with arrivals and cancellations at random, and checks after every step what must always hold. The books of blocks (users
/// counted = users, free + used = total, no block without a hash in two tables but of one family) are <see cref="EngineHarness.Step"/>'s to check.
/// </summary>
internal sealed class TrafficRun(TrafficScenario scenario)
{
    /// <summary>Far more than any scenario needs: who still waits then starves.</summary>
    private const int MostSteps = 20_000;
    private readonly FakeTimeProvider time = new();
    private readonly Dictionary<string, long> deadlines = new(StringComparer.Ordinal);
    private readonly HashSet<string> cancelled = new(StringComparer.Ordinal);

    public int Preemptions { get; private set; }

    public long CacheHits { get; private set; }

    public int TierLoads { get; private set; }

    public long AcceptedDrafts { get; private set; }

    /// <summary>Answers whose first token came in the step of their parent's.</summary>
    public int SharedPrompts { get; private set; }

    public int Expired { get; private set; }

    /// <summary>Cancelled and expired requests are checked as far as they came.</summary>
    public void PlayAndCompare(Func<TrafficRequest, GeneratedTokens> alone)
    {
        var tier = scenario.TierBlocks > 0 ? new HostBlockTier(scenario.TierBlocks) : null;
        var requests = scenario.Requests();
        var proposer = scenario.Drafts == TrafficDrafts.Oracle
            ? new OracleProposer(id => alone(requests.First(request => request.Id == id)).Tokens, errsInOneOf: 4, scenario.Seed) : null;
        using var engine = new EngineHarness(scenario.Options(), time: time, tier: tier, proposer: proposer);
        Play(engine, requests);
        Preemptions = (int)engine.Core.Stats.NumPreemptions;
        CacheHits = engine.Core.Stats.PrefixCacheHits;
        AcceptedDrafts = engine.Core.Stats.Speculation!.NumAcceptedTokens;
        TierLoads = tier?.Loaded ?? 0;
        foreach (var request in requests)
        {
            Compare(request, engine.Results[request.Id], alone(request));
        }
    }

    private void Play(EngineHarness engine, IReadOnlyList<TrafficRequest> requests)
    {
        var random = new System.Random(~scenario.Seed);
        for (int arrived = 0, steps = 0; arrived < requests.Count || engine.Core.HasUnfinishedRequests; steps++)
        {
            steps.Should().BeLessThan(MostSteps, $"nobody starves in {scenario}");
            while (arrived < requests.Count && (!engine.Core.HasUnfinishedRequests || requests[arrived].ForkOf is not null || random.Next(scenario.StepsPerArrival) == 0))
            {
                Add(engine, requests[arrived++]);
            }

            if (random.Next(40) == 0)
            {
                var victim = requests[random.Next(arrived)].Id;
                engine.Core.AbortRequest(victim);
                cancelled.Add(victim);
                engine.Core.CheckIntegrity();
            }

            if (random.Next(200) == 0)
            {
                engine.Core.ResetPrefixCache();
            }

            var silent = requests.Take(arrived).Where(request => engine.Results[request.Id].Tokens.Count == 0).Select(request => request.Id).ToHashSet();
            engine.Step();
            CheckStep(engine, requests.Take(arrived).ToList());
            silent.RemoveWhere(id => engine.Results[id].Tokens.Count == 0);
            SharedPrompts += requests.Count(request => silent.Contains(request.Id) && request.ForkOf is { } parent && silent.Contains(parent));
            time.Advance(TimeSpan.FromTicks(1));
        }

        engine.Core.Stats.KVCacheUsage.Should().Be(0);
    }

    private void Add(EngineHarness engine, TrafficRequest request)
    {
        long? deadline = request.DeadlineSteps is { } steps ? time.GetTimestamp() + steps : null;
        deadlines[request.Id] = deadline ?? long.MaxValue;
        engine.Add(request.ToCore() with { Deadline = deadline });
    }

    private void CheckStep(EngineHarness engine, List<TrafficRequest> arrived)
    {
        var stats = engine.Core.Stats;
        stats.StepTokens.Should().BeLessThanOrEqualTo(scenario.Chunk);
        stats.NumRunning.Should().BeLessThanOrEqualTo(scenario.Sequences);
        stats.KVSlotsFilled.Should().BeInRange(0, stats.KVSlots);
        var live = arrived.Where(request => engine.Results[request.Id].FinishReason is null && !cancelled.Contains(request.Id)).ToList();
        (stats.NumRunning + stats.NumWaiting).Should().Be(live.Count);
        live.Exists(request => deadlines[request.Id] <= time.GetTimestamp()).Should().BeFalse("the first step after a deadline ends its request");
    }

    private void Compare(TrafficRequest request, GeneratedTokens got, GeneratedTokens wanted)
    {
        if (got.FinishReason == FinishReason.Abort)
        {
            Expired++;
            deadlines[request.Id].Should().BeLessThan(long.MaxValue, $"{request.Id} of {scenario} has none");
        }
        else if (!cancelled.Contains(request.Id))
        {
            got.FinishReason.Should().Be(wanted.FinishReason, $"{request.Id} of {scenario}");
            got.Tokens.Should().Equal(wanted.Tokens, $"{request.Id} of {scenario}");
            got.Last.Embedding.Should().Equal(wanted.Last.Embedding, $"{request.Id} of {scenario}");
        }

        got.ExactPrompt.Should().Equal(got.Tokens.Count > 0 ? wanted.ExactPrompt : [], $"{request.Id} of {scenario}");

        got.Exact.Should().Equal(wanted.Exact.Take(got.Tokens.Count), $"{request.Id} of {scenario}");
    }
}
